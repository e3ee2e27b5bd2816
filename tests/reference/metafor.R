# Reference values for random-effects meta-analysis, computed by the R package metafor.
#
#   Rscript tests/reference/metafor.R > tests/reference/metafor.json
#
# Needs R with metafor and jsonlite (Debian: r-cran-metafor, r-cran-jsonlite).
# The seed is fixed and numbers have 15 significant digits, so a run with the same metafor
# version gives the same values. Inputs are rounded to 6 significant digits before fitting:
# the numbers in the JSON are the numbers that were fitted. One case a line.
#
#   pooling        REML with Knapp-Hartung and the ad hoc correction, common effect,
#                  Egger's regression (lm), two-group Q-between
#   subgroups      Q-between of two to six subgroups with one tau2 within them all
#   lower_maxima   where Fisher scoring ends at a maximum that is not the highest
#   escalc         effect sizes and sampling variances: odds ratios, risk ratios, SMD, Fisher's z
#   prevalence     logit proportions pooled by REML with the same test
#   not_converged  cases whose REML fit metafor gave up on
#
# metafor 3.8-1 spells Knapp-Hartung test = "knha", and Knapp-Hartung whose standard error
# multiplier is never below 1 test = "adhoc".

suppressPackageStartupMessages({
  library(metafor)
  library(jsonlite)
})
set.seed(20231, kind = "Mersenne-Twister", normal.kind = "Inversion", sample.kind = "Rejection")

# ---- helpers ---------------------------------------------------------------------------

# Warnings that the extreme cases are meant to raise; any other warning is shown.
expected <- paste(
  "Ratio of largest to smallest sampling variance",
  "essentially perfect fit",
  sep = "|"
)
quietly <- function(expr) {
  withCallingHandlers(expr, warning = function(w) {
    if (grepl(expected, conditionMessage(w))) invokeRestart("muffleWarning")
  })
}

# Fits with full steps, then with half steps; NULL where neither converges.
# Only non-convergence is caught: another error stops the script.
fit_reml <- function(...) {
  for (stepadj in c(1, 0.5)) {
    control <- list(threshold = 1e-12, maxiter = 10000, stepadj = stepadj)
    fit <- tryCatch(
      quietly(rma(..., method = "REML", control = control)),
      error = function(e) {
        if (!grepl("did not converge", conditionMessage(e))) stop(e)
        NULL
      }
    )
    if (!is.null(fit)) return(fit)
  }
  NULL
}

pair <- function(lo, hi) if (is.finite(lo) && is.finite(hi)) c(lo, hi) else NULL

json <- function(x) {
  as.character(toJSON(x, digits = NA, auto_unbox = TRUE, null = "null", na = "null"))
}
json_lines <- function(rows) {
  paste0("[\n", paste(vapply(rows, json, ""), collapse = ",\n"), "\n]")
}

# ---- pooling: the cases ----------------------------------------------------------------

cases <- list()
add <- function(label, yi, vi) {
  stopifnot(length(yi) == length(vi), length(yi) >= 2, vi > 0)
  cases[[length(cases) + 1]] <<- list(label = label, yi = signif(yi, 6), vi = signif(vi, 6))
}
log_uniform <- function(k, lo, hi) exp(runif(k, log(lo), log(hi)))

# A grid: number of studies, true tau2 (log ratio scale), range of the sampling variances.
ranges <- list(mixed = c(0.005, 2), precise = c(0.005, 0.05), imprecise = c(0.3, 2))
for (k in c(2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 60)) {
  for (tau2 in c(0, 0.01, 0.05, 0.2, 0.5, 1, 2)) {
    for (name in names(ranges)) {
      vi <- log_uniform(k, ranges[[name]][1], ranges[[name]][2])
      yi <- rnorm(k, runif(1, -0.8, 0.8), sqrt(vi + tau2))
      add(sprintf("grid k=%d tau2=%g %s", k, tau2, name), yi, vi)
    }
  }
}

# Identical studies; identical effects with unequal variances.
for (k in c(2, 3, 5, 10, 40)) add(sprintf("identical studies k=%d", k), rep(0.35, k), rep(0.08, k))
add("identical null studies k=4", rep(0, 4), rep(0.2, 4))
for (k in c(2, 3, 6, 12, 30)) {
  add(sprintf("identical effects unequal variances k=%d", k), rep(-0.42, k), log_uniform(k, 0.005, 2))
}
add("identical null effects unequal variances k=5", rep(0, 5), c(0.005, 0.05, 0.2, 0.9, 2))

# One huge outlier, imprecise or precise.
for (k in c(3, 5, 10, 20, 40)) {
  for (size in c(4, 12)) {
    vi <- log_uniform(k, 0.02, 0.5)
    yi <- rnorm(k, 0.2, sqrt(vi))
    yi[k] <- size
    add(sprintf("outlier %g k=%d", size, k), yi, vi)
    vi[k] <- 0.005
    add(sprintf("precise outlier %g k=%d", -size, k), c(yi[-k], -size), vi)
  }
}
add("outlier 30 k=6", c(0.1, -0.2, 0.3, 0.05, 0.2, 30), c(0.1, 0.2, 0.05, 0.3, 0.15, 0.4))

# Tiny variances.
for (k in c(2, 4, 8, 20)) {
  vi <- log_uniform(k, 1e-6, 1e-4)
  add(sprintf("tiny variances homogeneous k=%d", k), rnorm(k, 0.3, sqrt(vi)), vi)
  add(sprintf("tiny variances heterogeneous k=%d", k), rnorm(k, 0.3, 0.4), vi)
}
add("tiny and large variances k=6", c(0.31, 0.29, 0.5, -0.4, 1.2, 0.1), c(1e-5, 2e-5, 0.5, 1, 2, 0.8))

# Two studies.
add("two discordant equal variances", c(-1, 1), c(0.01, 0.01))
add("two discordant unequal variances", c(-0.9, 1.3), c(0.005, 0.6))
add("two discordant imprecise", c(-1.5, 1.5), c(1.2, 0.9))
add("two far apart", c(-4, 5), c(0.02, 0.03))
add("two concordant", c(0.41, 0.43), c(0.05, 0.08))
add("two at the boundary", c(0, 0.4), c(0.08, 0.08))
add("two just past the boundary", c(0, 0.402), c(0.08, 0.08))

# Equal variances: tau2 is max(0, var(yi) - v).
add("equal variances heterogeneous k=5", c(-0.7, 0.1, 0.4, 1.1, 1.6), rep(0.1, 5))
add("equal variances underdispersed k=5", c(0.18, 0.2, 0.22, 0.25, 0.19), rep(0.1, 5))
add("equal variances boundary k=3", c(-0.3, 0, 0.3), rep(0.09, 3))
for (k in c(4, 9, 25)) add(sprintf("equal variances random k=%d", k), rnorm(k, 0.3, 0.6), rep(0.15, k))

# One study carries nearly all the weight.
for (k in c(3, 6, 15)) {
  vi <- c(0.005, runif(k - 1, 1.2, 2))
  add(sprintf("dominant study agrees k=%d", k), c(0.2, rnorm(k - 1, 0.2, 1)), vi)
  add(sprintf("dominant study disagrees k=%d", k), c(0, rnorm(k - 1, 2, 1)), vi)
}

# Two clusters; underdispersion; small-study effects; a very weak and a very strong signal.
for (k in c(4, 10, 24)) {
  vi <- log_uniform(k, 0.01, 0.2)
  add(sprintf("two clusters k=%d", k), rep(c(-1, 1), k / 2) + rnorm(k, 0, sqrt(vi)), vi)
}
for (k in c(3, 7, 18)) {
  vi <- log_uniform(k, 0.05, 2)
  add(sprintf("underdispersed k=%d", k), rnorm(k, -0.5, 0.2 * sqrt(vi)), vi)
}
for (k in c(5, 10, 20, 40)) {
  vi <- log_uniform(k, 0.005, 2)
  add(sprintf("small-study effects k=%d", k), 1.5 * sqrt(vi) + rnorm(k, 0, sqrt(vi + 0.02)), vi)
}
add("strong effect k=12", rnorm(12, 3, 0.1), log_uniform(12, 0.005, 0.02))
add("effects around zero k=9", c(-4, -3, -2, -1, 0, 1, 2, 3, 4) / 10, rep(c(0.02, 0.1, 0.5), 3))

# One or two precise studies against many imprecise ones that agree: Fisher scoring overshoots.
normal_scores <- function(k) qnorm((seq_len(k) - 0.5) / k)
for (k in c(20, 40)) {
  for (v in c(0.005, 0.02)) {
    yi <- c(0, 1 + 0.1 * normal_scores(k - 1))
    add(sprintf("precise study v=%g against homogeneous imprecise k=%d", v, k), yi, c(v, rep(1.5, k - 1)))
  }
}

# Restricted likelihoods with two maxima, one of them at tau2 = 0. Where metafor ends depends on
# its start; these are cases where it ends at the higher one.
for (x in list(
  list(k = 10, precise = 2, v = 0.005, mean = 2, sd = 1.4),
  list(k = 40, precise = 2, v = 0.005, mean = 0.6, sd = 1.3)
)) {
  yi <- c(rep(0, x$precise), x$mean + x$sd * normal_scores(x$k - x$precise))
  vi <- c(rep(x$v, x$precise), rep(1.5, x$k - x$precise))
  add(sprintf("two maxima k=%d precise=%d mean=%g", x$k, x$precise, x$mean), yi, vi)
}
add(
  "two maxima k=7 far apart",
  c(-0.2189, -0.1924, 1.019, 2.9782, 2.4665, -5.1668, 2.5581),
  c(0.00231, 0.01388, 1.041, 1.494, 1.388, 1.45, 1.282)
)

# The BCG vaccine trials as log risk ratios and log odds ratios.
bcg <- list(
  ai = c(4, 6, 3, 62, 33, 180, 8, 505, 29, 17, 186, 5, 27),
  bi = c(119, 300, 228, 13536, 5036, 1361, 2537, 87886, 7470, 1699, 50448, 2493, 16886),
  ci = c(11, 29, 11, 248, 47, 372, 10, 499, 45, 65, 141, 3, 29),
  di = c(128, 274, 209, 12619, 5761, 1079, 619, 87892, 7232, 1600, 27197, 2338, 17825)
)
for (measure in c("RR", "OR")) {
  es <- escalc(measure = measure, ai = bcg$ai, bi = bcg$bi, ci = bcg$ci, di = bcg$di)
  add(paste("BCG", measure), as.vector(es$yi), es$vi)
}

# ---- pooling: the fits -----------------------------------------------------------------

# Egger's regression on a plain rma(); NULL where it has no value (equal standard errors,
# a perfect fit, or a plain rma() that does not converge).
egger <- function(yi, vi) {
  if (length(yi) < 3 || length(unique(vi)) == 1 || length(unique(yi)) == 1) return(NULL)
  plain <- tryCatch(quietly(rma(yi, vi)), error = function(e) {
    if (!grepl("did not converge", conditionMessage(e))) stop(e)
    NULL
  })
  if (is.null(plain)) return(NULL)
  test <- quietly(regtest(plain, model = "lm"))
  if (!is.finite(test$zval) || !is.finite(test$pval)) return(NULL)
  list(t = test$zval, p = test$pval)
}

# Q-between of two groups with one tau2 for both.
between <- function(yi, vi, g) {
  fit <- fit_reml(yi, vi, mods = ~ factor(g), test = "z")
  if (is.null(fit)) return(NULL)
  list(subgroup = g, q_between = fit$QM, p = fit$QMp)
}

# The REML fit is the highest maximum of the restricted likelihood, not only a local one.
restricted_ll <- function(tau2, yi, vi) {
  w <- 1 / (vi + tau2)
  -0.5 * (sum(log(vi + tau2)) + log(sum(w)) + sum(w * (yi - sum(w * yi) / sum(w))^2))
}
is_highest <- function(tau2, yi, vi) {
  grid <- c(0, exp(seq(log(1e-9), log(10 * (var(yi) + max(vi))), length.out = 500)))
  restricted_ll(tau2, yi, vi) + 1e-8 >= max(vapply(grid, restricted_ll, 0, yi = yi, vi = vi))
}

pooling <- list()
not_converged <- list()
for (i in seq_along(cases)) {
  case <- cases[[i]]
  yi <- case$yi
  vi <- case$vi
  k <- length(yi)
  # Drawn for every case, so that no outcome of a fit moves the random numbers.
  g <- sample(rep(0:1, length.out = k))

  fit <- fit_reml(yi, vi, test = "adhoc")
  if (is.null(fit)) {
    not_converged[[length(not_converged) + 1]] <- case
    next
  }
  if (!is_highest(fit$tau2, yi, vi)) stop("not the highest maximum: ", case$label)
  # t with k - 1 degrees of freedom, as for the confidence interval.
  pred <- predict(fit)
  common <- quietly(rma(yi, vi, method = "EE"))
  row <- c(case, list(
    reml_hk = list(
      estimate = as.vector(fit$beta), se = fit$se, ci = c(fit$ci.lb, fit$ci.ub),
      tau2 = fit$tau2, i2 = fit$I2, q = fit$QE, qp = fit$QEp, p = fit$pval,
      pi = pair(pred$pi.lb, pred$pi.ub)
    ),
    common = list(estimate = as.vector(common$beta), ci = c(common$ci.lb, common$ci.ub))
  ))
  e <- egger(yi, vi)
  if (!is.null(e)) row$egger <- e
  # Every second case with enough studies, where the effects differ at all.
  if (k >= 4 && i %% 2 == 0 && length(unique(yi)) > 1) {
    b <- between(yi, vi, g)
    if (!is.null(b)) row$between <- b
  }
  pooling[[length(pooling) + 1]] <- row
}

# ---- subgroups -------------------------------------------------------------------------

# A seed of its own: these cases move no number of the others.
state <- .Random.seed
set.seed(20232, kind = "Mersenne-Twister", normal.kind = "Inversion", sample.kind = "Rejection")
subgroups <- list()
add_subgroups <- function(label, yi, vi, g) {
  stopifnot(length(yi) == length(vi), length(yi) == length(g), length(yi) > length(unique(g)))
  yi <- signif(yi, 6)
  vi <- signif(vi, 6)
  # As a matrix: a formula would look for g where rma() was called from.
  x <- model.matrix(~ factor(g))[, -1, drop = FALSE]
  fit <- fit_reml(yi, vi, mods = x, test = "z")
  if (is.null(fit)) stop("no convergence: ", label)
  subgroups[[length(subgroups) + 1]] <<- list(
    label = label, yi = yi, vi = vi, subgroup = g,
    q_between = fit$QM, df = fit$QMdf[1], p = fit$QMp, tau2 = fit$tau2
  )
}
for (groups in c(2, 3, 4, 6)) {
  for (extra in c(1, 3, 10)) {
    for (tau2 in c(0, 0.05, 0.5)) {
      k <- groups + extra
      g <- c(seq_len(groups), sample(seq_len(groups), extra, replace = TRUE))
      vi <- log_uniform(k, 0.01, 0.5)
      yi <- rnorm(k, runif(groups, -0.8, 0.8)[g], sqrt(vi + tau2))
      add_subgroups(sprintf("groups=%d k=%d tau2=%g", groups, k, tau2), yi, vi, g)
    }
  }
}
add_subgroups("three alike in two", rep(0.4, 3), c(0.1, 0.2, 0.3), c(1, 1, 2))
add_subgroups("apart and alike within", c(0.9, 0.91, -0.5, -0.52), c(0.02, 0.03, 0.02, 0.04), c(1, 1, 2, 2))
add_subgroups("one large against one lone", c(0.1, 0.3, -0.2, 2), c(0.05, 0.08, 0.1, 0.01), c(1, 1, 1, 2))
add_subgroups("equal variances", c(-0.7, 0.1, 0.4, 1.1, 1.6, 0.2), rep(0.1, 6), c(1, 2, 1, 2, 1, 2))
add_subgroups("tiny variances", c(0.31, 0.35, 0.5, 0.52, -0.4), c(1e-5, 2e-5, 1e-5, 3e-5, 2e-5), c(1, 1, 2, 2, 3))
.Random.seed <- state

# ---- lower maxima ----------------------------------------------------------------------

# Fisher scoring ends at a maximum above zero here, where the likelihood at tau2 = 0 is higher: metafor takes zero.
lower_maxima <- lapply(list(
  list(
    yi = c(0.896169, 0.477232, 0.984632, 1.68265, 0.347892, -0.440755, 0.366265),
    vi = c(0.370449, 0.0166579, 0.106464, 0.369959, 0.0258057, 0.13443, 0.015489)
  ),
  list(
    yi = c(0.22702, 1.20387, -0.0396298, 0.304224, 0.219109, 1.65998),
    vi = c(0.0117348, 0.544072, 0.48466, 0.0238388, 0.507332, 0.278611)
  ),
  list(
    yi = c(-0.449249, -1.46829, 0.194424, -1.00088, -0.981724, 0.266066, -1.52397, -0.590957, -1.43135, -1.03927),
    vi = c(0.393457, 0.184261, 0.260448, 0.0877779, 0.31218, 0.633208, 0.134591, 0.216159, 0.0737507, 0.0102137)
  ),
  list(
    yi = c(-0.353684, -0.105095, 2.12202, -1.05144, -0.770587, -0.504543),
    vi = c(0.0201014, 0.081864, 0.572769, 0.298576, 0.349931, 0.0168113)
  )
), function(x) {
  fit <- suppressWarnings(rma(x$yi, x$vi, test = "adhoc", control = list(threshold = 1e-12, maxiter = 1000)))
  stopifnot(fit$tau2 == 0)
  c(x, list(tau2 = fit$tau2, estimate = as.vector(fit$beta), ci = c(fit$ci.lb, fit$ci.ub)))
})

# ---- escalc ----------------------------------------------------------------------------

tables <- list()
add_table <- function(label, ai, bi, ci, di) {
  tables[[length(tables) + 1]] <<- list(label = label, ai = ai, bi = bi, ci = ci, di = di)
}
sizes <- list(c(5, 5), c(5, 8), c(12, 10), c(30, 30), c(47, 151), c(200, 180), c(900, 1000), c(3000, 2500))
risks <- list(c(0.5, 0.5), c(0.25, 0.4), c(0.1, 0.02), c(0.9, 0.6), c(0.97, 0.99))
for (n in sizes) {
  for (r in risks) {
    a <- round(n[1] * r[1])
    c <- round(n[2] * r[2])
    add_table("grid", a, n[1] - a, c, n[2] - c)
  }
}
for (n in list(c(5, 7), c(20, 25), c(150, 140), c(3000, 2800))) {
  a <- round(n[1] * 0.4)
  c <- round(n[2] * 0.3)
  add_table("zero a", 0, n[1], c, n[2] - c)
  add_table("zero b", n[1], 0, c, n[2] - c)
  add_table("zero c", a, n[1] - a, 0, n[2])
  add_table("zero d", a, n[1] - a, n[2], 0)
  add_table("zero a and c", 0, n[1], 0, n[2])
  add_table("zero b and d", n[1], 0, n[2], 0)
  add_table("zero a and d", 0, n[1], n[2], 0)
  add_table("zero b and c", n[1], 0, 0, n[2])
}
add_table("empty first arm", 0, 0, 4, 16)
add_table("empty second arm", 4, 16, 0, 0)

counts <- function(measure) {
  rows <- lapply(tables, function(x) {
    es <- escalc(
      measure = measure, ai = x$ai, bi = x$bi, ci = x$ci, di = x$di,
      add = 1 / 2, to = "only0"
    )
    if (!is.finite(es$yi) || !is.finite(es$vi)) return(NULL)
    c(x, list(yi = as.vector(es$yi), vi = es$vi))
  })
  Filter(Negate(is.null), rows)
}

smd <- list()
for (n in list(
  c(3, 3), c(3, 4), c(4, 9), c(6, 6), c(8, 12), c(10, 10), c(15, 22), c(25, 25), c(40, 31),
  c(60, 60), c(100, 45), c(120, 130), c(250, 240), c(500, 500), c(3, 500)
)) {
  for (d in c(0, 0.2, -0.7, 1.4, -3)) {
    m2 <- signif(runif(1, 5, 60), 4)
    sd1 <- signif(runif(1, 2, 12), 4)
    sd2 <- signif(sd1 * runif(1, 0.6, 1.7), 4)
    m1 <- if (d == 0) m2 else signif(m2 + d * sd1, 4)
    es <- escalc(
      measure = "SMD", m1i = m1, sd1i = sd1, n1i = n[1], m2i = m2, sd2i = sd2, n2i = n[2],
      vtype = "LS"
    )
    smd[[length(smd) + 1]] <- list(
      m1 = m1, sd1 = sd1, n1 = n[1], m2 = m2, sd2 = sd2, n2 = n[2],
      yi = as.vector(es$yi), vi = es$vi
    )
  }
}

zcor <- list()
for (ni in c(5, 12, 40, 250, 3000)) {
  for (ri in c(-0.95, -0.4, 0, 0.08, 0.55, 0.99)) {
    es <- escalc(measure = "ZCOR", ri = ri, ni = ni)
    zcor[[length(zcor) + 1]] <- list(ri = ri, ni = ni, yi = as.vector(es$yi), vi = es$vi)
  }
}

escalc_rows <- list(or_counts = counts("OR"), rr_counts = counts("RR"), smd = smd, zcor = zcor)

# conv.fivenum() came with metafor 4.
if (exists("conv.fivenum", where = "package:metafor")) {
  wan <- list()
  for (ni in c(5, 11, 25, 50, 133, 400)) {
    for (x in list(c(10, 7, 14), c(3, 1, 9), c(52.4, 48.1, 55.6), c(0.8, 0.35, 2.1))) {
      es <- quietly(conv.fivenum(median = x[1], q1 = x[2], q3 = x[3], n = ni, test = FALSE))
      wan[[length(wan) + 1]] <- list(
        median = x[1], q1 = x[2], q3 = x[3], n = ni, mean = es$mean, sd = es$sd
      )
    }
  }
  escalc_rows$wan <- wan
}

# ---- prevalence ------------------------------------------------------------------------

prevalence <- list()
add_prevalence <- function(label, xi, ni) {
  stopifnot(length(xi) == length(ni), xi >= 0, xi <= ni)
  fit <- fit_reml(measure = "PLO", xi = xi, ni = ni, test = "adhoc")
  if (is.null(fit)) {
    es <- escalc(measure = "PLO", xi = xi, ni = ni)
    not_converged[[length(not_converged) + 1]] <<- list(
      label = paste("prevalence", label), yi = as.vector(es$yi), vi = es$vi
    )
    return(invisible())
  }
  pred <- predict(fit)
  back <- predict(fit, transf = transf.ilogit)
  prevalence[[length(prevalence) + 1]] <<- list(
    label = label, xi = xi, ni = ni,
    logit = list(
      estimate = pred$pred, se = fit$se, ci = c(pred$ci.lb, pred$ci.ub),
      pi = pair(pred$pi.lb, pred$pi.ub)
    ),
    proportion = list(
      estimate = back$pred, ci = c(back$ci.lb, back$ci.ub), pi = pair(back$pi.lb, back$pi.ub)
    ),
    tau2 = fit$tau2, i2 = fit$I2
  )
}

add_prevalence("eight studies", c(62, 15, 27, 18, 46, 39, 56, 41), c(392, 86, 79, 114, 152, 95, 201, 222))
add_prevalence("two alike", c(12, 25), c(50, 100))
add_prevalence("two discordant", c(5, 80), c(100, 100))
add_prevalence("one zero of two", c(0, 9), c(40, 60))
add_prevalence("all zero", c(0, 0, 0, 0), c(20, 55, 130, 400))
add_prevalence("all of one study", c(30, 22, 41, 18), c(30, 25, 50, 20))
add_prevalence("none and all", c(0, 15, 9, 4), c(12, 15, 20, 11))
add_prevalence("rare", c(1, 0, 2, 0, 1, 3), c(300, 150, 800, 95, 420, 1000))
add_prevalence("near one", c(95, 190, 48, 300), c(100, 195, 50, 302))
add_prevalence("identical", rep(10, 5), rep(40, 5))
add_prevalence("tiny studies", c(1, 0, 2, 3, 1), c(3, 2, 5, 4, 3))
add_prevalence("one large", c(2500, 3, 7, 2), c(10000, 20, 15, 9))
for (k in c(2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 30, 40)) {
  for (p in c(0.03, 0.2, 0.6)) {
    ni <- round(log_uniform(k, 15, 800))
    xi <- rbinom(k, ni, plogis(qlogis(p) + rnorm(k, 0, sample(c(0, 0.3, 0.8), 1))))
    add_prevalence(sprintf("random k=%d p=%g", k, p), xi, ni)
  }
}

# ---- write -----------------------------------------------------------------------------

cat(
  "{\n\"metafor\": ", json(as.character(packageVersion("metafor"))), ",\n",
  "\"pooling\": ", json_lines(pooling), ",\n",
  "\"subgroups\": ", json_lines(subgroups), ",\n",
  "\"lower_maxima\": ", json_lines(lower_maxima), ",\n",
  "\"escalc\": {\n",
  paste(sprintf("\"%s\": %s", names(escalc_rows), vapply(escalc_rows, json_lines, "")), collapse = ",\n"),
  "\n},\n",
  "\"prevalence\": ", json_lines(prevalence), ",\n",
  "\"not_converged\": ", if (length(not_converged)) json_lines(not_converged) else "[]", "\n}\n",
  sep = ""
)
