# Data sets of published meta-analyses from the R package metadat, their figures alone, and what
# the R package metafor makes of them.
#
#   Rscript tests/reference/sheets.R > tests/reference/sheets.json
#
# Needs R with metafor, metadat, lme4 and jsonlite (Debian: r-cran-metafor, r-cran-metadat,
# r-cran-lme4, r-cran-jsonlite). Numbers have 15 significant digits. One data set a line.
#
# figures are by column; results are of all rows and of the first two, three and four:
#
#   random   REML, Knapp-Hartung with the ad hoc correction
#   common   the common effect
#   shares   the logistic model with a random intercept (rma.glmm, nAGQ = 75)
#
# Rows with a figure missing are left out. Tables without an event in either group say nothing of
# a ratio: drop00 leaves them out of the estimates, as the graph does; 1/2 is added to each cell
# of other tables with an empty one (escalc's default). The ratios of hackshaw1998 are pooled by
# their printed intervals.

suppressPackageStartupMessages({
  library(metafor)
  library(metadat)
  library(jsonlite)
})

json <- function(x) {
  as.character(toJSON(x, digits = NA, auto_unbox = TRUE, null = "null", na = "null"))
}

random_effects <- function(yi, vi) {
  fit <- rma(yi, vi, method = "REML", test = "adhoc", control = list(threshold = 1e-12, maxiter = 10000))
  list(
    estimate = as.vector(fit$beta), ci = c(fit$ci.lb, fit$ci.ub), tau2 = fit$tau2, i2 = fit$I2, q = fit$QE, q_p = fit$QEp
  )
}
common_effect <- function(yi, vi) {
  fit <- rma(yi, vi, method = "EE")
  list(estimate = as.vector(fit$beta), ci = c(fit$ci.lb, fit$ci.ub))
}

sets <- list()
add <- function(name, kind, measure, figures) {
  figures <- figures[complete.cases(figures), ]
  result <- function(rows) {
    x <- figures[rows, ]
    es <- switch(kind,
      counts = escalc(measure = measure, ai = x$ai, n1i = x$n1i, ci = x$ci, n2i = x$n2i, drop00 = TRUE),
      ratios = list(yi = log(x$value), vi = ((log(x$high) - log(x$low)) / (2 * qnorm(0.975)))^2),
      groups = escalc(
        measure = measure, m1i = x$m1i, sd1i = x$sd1i, n1i = x$n1i, m2i = x$m2i, sd2i = x$sd2i, n2i = x$n2i
      ),
      correlations = escalc(measure = "ZCOR", ri = x$ri, ni = x$ni),
      shares = escalc(measure = "PLO", xi = x$xi, ni = x$ni)
    )
    usable <- !is.na(es$yi)
    yi <- as.vector(es$yi)[usable]
    vi <- es$vi[usable]
    if (length(yi) < 2) return(NULL)
    found <- list(rows = length(rows), k = length(yi), random = random_effects(yi, vi), common = common_effect(yi, vi))
    if (kind == "shares" && length(rows) >= 5) {
      fit <- suppressWarnings(rma.glmm(measure = "PLO", xi = x$xi, ni = x$ni, nAGQ = 75))
      found$shares <- list(estimate = as.vector(fit$beta), tau2 = fit$tau2)
    }
    found
  }
  sets[[length(sets) + 1]] <<- list(
    name = name, kind = kind, measure = measure, figures = figures,
    results = Filter(Negate(is.null), lapply(c(2, 3, 4, nrow(figures)), function(n) result(seq_len(n))))
  )
}

tables <- function(data) data.frame(ai = data$ai, n1i = data$n1i, ci = data$ci, n2i = data$n2i)
bcg <- dat.bcg
bcg <- data.frame(ai = bcg$tpos, n1i = bcg$tpos + bcg$tneg, ci = bcg$cpos, n2i = bcg$cpos + bcg$cneg)
add("bcg", "counts", "OR", bcg)
add("bcg", "counts", "RR", bcg)
add("hackshaw1998", "ratios", "OR", with(dat.hackshaw1998, data.frame(value = or, low = or.lb, high = or.ub)))
stays <- dat.normand1999[, c("n1i", "m1i", "sd1i", "n2i", "m2i", "sd2i")]
add("normand1999", "groups", "MD", stays)
add("normand1999", "groups", "SMD", stays)
add("molloy2014", "correlations", "ZCOR", dat.molloy2014[, c("ni", "ri")])
add("egger2001", "counts", "OR", tables(dat.egger2001))
add("lee2004", "counts", "RR", tables(dat.lee2004))
add("nielweise2007", "counts", "OR", tables(dat.nielweise2007))
for (table in c("6", "9", "10")) {
  add(paste0("yusuf1985, table ", table), "counts", "OR", tables(dat.yusuf1985[dat.yusuf1985$table == table, ]))
}
collins <- dat.collins1985a
for (what in c("b", "o", "d")) {
  add(paste0("collins1985a, ", what), "counts", "OR", data.frame(
    ai = collins[[paste0(what, ".xti")]], n1i = collins$nti, ci = collins[[paste0(what, ".xci")]], n2i = collins$nci
  ))
}
add("linde2005", "counts", "RR", tables(dat.linde2005))
add("pritz1997", "shares", "PLO", dat.pritz1997[, c("xi", "ni")])
add("debruin2009", "shares", "PLO", dat.debruin2009[, c("xi", "ni")])

line <- function(set) {
  set$figures <- as.list(set$figures)
  json(set)
}
cat(
  "{\n\"metafor\": ", json(as.character(packageVersion("metafor"))),
  ",\n\"metadat\": ", json(as.character(packageVersion("metadat"))),
  ",\n\"sets\": [\n", paste(vapply(sets, line, ""), collapse = ",\n"), "\n]\n}\n",
  sep = ""
)
