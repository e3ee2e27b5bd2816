# The meta-analyses of this folder, fitted anew: Rscript metafor.R   (in this folder; the package metafor is needed)
#
# rows.csv      an estimate a row: yi and vi on the log scale for ratios, on the log odds scale for standardised
#               differences (times pi / sqrt(3)), Fisher's z for correlations, else in the measure's own unit;
#               per the step of their family, by counts where these make its measure
# families.csv  estimates that may be pooled, and what rdwi makes of them, on the printed scale
# refitted.csv  is written: the same figures, by R

suppressPackageStartupMessages(library(metafor))

rows <- read.csv("rows.csv", encoding = "UTF-8", stringsAsFactors = FALSE)
families <- read.csv("families.csv", encoding = "UTF-8", stringsAsFactors = FALSE)

# Random effects by REML, Hartung-Knapp interval that is never narrower than the unadjusted one.
# Where whole steps run in a circle, shorter ones are taken.
reml_hk <- function(yi, vi) {
  for (stepadj in c(1, 0.5, 0.25)) {
    control <- list(threshold = 1e-12, maxiter = 10000, stepadj = stepadj)
    fit <- tryCatch(
      suppressWarnings(rma(yi, vi, method = "REML", test = "adhoc", control = control)),
      error = function(e) if (grepl("did not converge", conditionMessage(e))) NULL else stop(e)
    )
    if (!is.null(fit)) return(fit)
  }
  stop("REML did not converge")
}

# For two to four estimates: posterior median and central 95% interval of mu, with mu flat and tau half-normal(scale).
# mu given tau is normal; tau is summed over a grid by Simpson's rule.
bayes <- function(yi, vi, scale, points = 4001) {
  tau <- seq(0, 6 * scale, length.out = points)
  simpson <- c(1, rep(c(4, 2), length.out = points - 2), 1)
  w <- sapply(tau, function(t) 1 / (vi + t^2))
  total <- colSums(w)
  mean <- colSums(w * yi) / total
  spread <- 1 / sqrt(total)
  off <- outer(yi, mean, "-")
  density <- 0.5 * colSums(log(w)) - 0.5 * log(total) - 0.5 * colSums(w * off^2) - 0.5 * (tau / scale)^2
  mass <- simpson * exp(density - max(density))
  mass <- mass / sum(mass)
  quantile <- function(share) {
    uniroot(function(m) sum(mass * pnorm((m - mean) / spread)) - share,
            range(mean - 9 * spread, mean + 9 * spread), tol = 1e-13)$root
  }
  c(quantile(0.5), quantile(0.025), quantile(0.975))
}

# From the scale of yi to the printed one.
back <- function(transform, y) {
  switch(transform, "log-ratio" = exp(y), "smd" = y * sqrt(3) / pi, "fisher-z" = tanh(y), "linear" = y)
}

figures <- c("estimate", "ci_low", "ci_high", "common_estimate", "common_ci_low", "common_ci_high", "reml_estimate",
             "reml_ci_low", "reml_ci_high", "prediction_low", "prediction_high", "tau2", "i2", "q", "q_p", "p")

refit <- function(family) {
  own <- rows[rows$family == family$family, ]
  stopifnot(nrow(own) == family$k)
  random <- reml_hk(own$yi, own$vi)
  common <- suppressWarnings(rma(own$yi, own$vi, method = "EE"))
  predicted <- predict(random)
  on <- function(...) back(family$transform, c(...))
  reml <- on(random$beta, random$ci.lb, random$ci.ub)
  headline <- if (family$estimate_source == "pooled-bayes") on(bayes(own$yi, own$vi, family$tau_scale)) else reml
  prediction <- if (family$k >= 3) on(predicted$pi.lb, predicted$pi.ub) else c(NA, NA)
  values <- c(headline, on(common$beta, common$ci.lb, common$ci.ub), reml, prediction,
              random$tau2, random$I2, random$QE, random$QEp, random$pval)
  cbind(family["family"], family["k"], as.data.frame(as.list(setNames(values, figures))))
}

several <- families[families$k >= 2, ]
if (nrow(several) == 0) {
  cat("no family has two estimates\n")
} else {
  refitted <- do.call(rbind, lapply(seq_len(nrow(several)), function(i) refit(several[i, ])))
  write.csv(refitted, "refitted.csv", row.names = FALSE)
  ours <- as.matrix(several[figures])
  theirs <- as.matrix(refitted[figures])
  stopifnot(is.na(ours) == is.na(theirs))
  apart <- abs(ours - theirs) / pmax(1, abs(ours))
  cat(nrow(several), "families of two estimates and more; largest difference", format(max(apart, na.rm = TRUE), digits = 2), "\n")
}
