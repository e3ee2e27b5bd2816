# Reference values for shares pooled by a logistic model with a random intercept, computed by the
# R packages lme4 and metafor, and for the exact interval of one share.
#
#   Rscript tests/reference/binomial.R > tests/reference/binomial.json
#
# Needs R with lme4, metafor and jsonlite (Debian: r-cran-lme4, r-cran-metafor, r-cran-jsonlite).
# The seed is fixed and numbers have 15 significant digits. One case a line.
#
#   shares   glmer(nAGQ = 75), ended far closer than by default, and rma.glmm(measure = "PLO",
#            nAGQ = 75) as it stands; null where a fit raises an error or ends without a finite
#            value
#   exact    binom.test's interval (Clopper and Pearson)

suppressPackageStartupMessages({
  library(lme4)
  library(metafor)
  library(jsonlite)
})
set.seed(20261, kind = "Mersenne-Twister", normal.kind = "Inversion", sample.kind = "Rejection")

json <- function(x) {
  as.character(toJSON(x, digits = NA, auto_unbox = TRUE, null = "null", na = "null"))
}
json_lines <- function(rows) {
  paste0("[\n", paste(vapply(rows, json, ""), collapse = ",\n"), "\n]")
}

# ---- the cases -------------------------------------------------------------------------

cases <- list()
add <- function(label, xi, ni) {
  stopifnot(length(xi) == length(ni), xi >= 0, xi <= ni, sum(xi) > 0, sum(xi) < sum(ni))
  cases[[length(cases) + 1]] <<- list(label = label, xi = xi, ni = ni)
}
sizes <- list(small = c(5, 60), mixed = c(5, 5000), large = c(300, 5000))
for (k in c(5, 8, 14, 25, 40)) {
  for (p in c(0.002, 0.02, 0.1, 0.3, 0.6)) {
    for (name in names(sizes)) {
      for (tau in sample(c(0, 0.3, 0.7, 1.2, 2), 2)) {
        # Small cohorts of a rare lesion may hold none at all.
        repeat {
          ni <- round(exp(runif(k, log(sizes[[name]][1]), log(sizes[[name]][2]))))
          xi <- rbinom(k, ni, plogis(qlogis(p) + rnorm(k, 0, tau)))
          if (sum(xi) > 0 && sum(xi) < sum(ni)) break
        }
        add(sprintf("k=%d p=%g tau=%g %s", k, p, tau, name), xi, ni)
      }
    }
  }
}
add("one case of all", c(0, 0, 0, 0, 1), c(40, 90, 25, 300, 60))
add("cases in one cohort alone", c(0, 0, 0, 12, 0, 0), c(40, 90, 25, 300, 60, 45))
add("everybody in some", c(20, 15, 30, 12, 40, 9), c(20, 15, 33, 12, 44, 9))
add("nobody and everybody", c(0, 12, 0, 25, 6, 3, 18), c(15, 12, 30, 25, 11, 9, 40))
add("identical", rep(10, 6), rep(40, 6))
add("one large", c(2500, 3, 7, 2, 1), c(10000, 20, 15, 9, 6))

# ---- the fits --------------------------------------------------------------------------

finite <- function(x) if (all(vapply(x, is.finite, TRUE))) x else NULL
by_glmer <- function(xi, ni) {
  study <- factor(seq_along(xi))
  control <- glmerControl(
    optimizer = "bobyqa", calc.derivs = FALSE, optCtrl = list(rhobeg = 0.02, rhoend = 1e-9, maxfun = 1e5)
  )
  fit <- suppressMessages(suppressWarnings(tryCatch(
    glmer(cbind(xi, ni - xi) ~ 1 + (1 | study), family = binomial, nAGQ = 75, control = control),
    error = function(e) NULL
  )))
  if (is.null(fit)) return(NULL)
  finite(list(estimate = as.vector(fixef(fit)), tau2 = as.vector(VarCorr(fit)$study)))
}
by_metafor <- function(xi, ni) {
  fit <- suppressMessages(suppressWarnings(tryCatch(
    rma.glmm(measure = "PLO", xi = xi, ni = ni, nAGQ = 75),
    error = function(e) NULL
  )))
  if (is.null(fit)) return(NULL)
  finite(list(estimate = as.vector(fit$beta), tau2 = fit$tau2))
}
shares <- lapply(cases, function(x) {
  fits <- list(lme4 = by_glmer(x$xi, x$ni), metafor = by_metafor(x$xi, x$ni))
  c(x, lapply(fits, identity))
})

# ---- one share -------------------------------------------------------------------------

exact <- list()
for (n in c(1, 2, 5, 12, 33, 150, 984, 5000, 60000)) {
  for (x in unique(round(n * c(0, 0.002, 0.05, 0.3, 0.5, 0.9, 1)))) {
    exact[[length(exact) + 1]] <- list(x = x, n = n, ci = as.vector(binom.test(x, n)$conf.int))
  }
}

# ---- write -----------------------------------------------------------------------------

cat(
  "{\n\"metafor\": ", json(as.character(packageVersion("metafor"))),
  ",\n\"lme4\": ", json(as.character(packageVersion("lme4"))),
  ",\n\"shares\": ", json_lines(shares), ",\n\"exact\": ", json_lines(exact), "\n}\n",
  sep = ""
)
