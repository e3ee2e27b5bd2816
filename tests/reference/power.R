# Reference values for sample sizes of two proportions, computed by R.
#
#   Rscript tests/reference/power.R > tests/reference/power.json
#
# Needs R with Hmisc and jsonlite (Debian: r-cran-hmisc, r-cran-jsonlite). One case a line.
#
#   equal    groups of one size: power.prop.test of base R, patients a group
#   unequal  a share `fraction` of the patients in the first group: Hmisc's bsamsize
#            (Fleiss, Tytun and Ury 1980, without continuity correction), patients of each group

suppressPackageStartupMessages({
  library(Hmisc)
  library(jsonlite)
})

line <- function(...) toJSON(list(...), auto_unbox = TRUE, digits = NA)

equal <- character()
for (p1 in c(0.05, 0.1, 0.2, 0.35)) {
  for (p2 in c(0.15, 0.3, 0.5, 0.8)) {
    for (power in c(0.8, 0.9)) {
      if (p1 != p2) {
        n <- power.prop.test(p1 = p1, p2 = p2, power = power, tol = 1e-13)$n
        equal <- c(equal, line(p1 = p1, p2 = p2, power = power, n = n))
      }
    }
  }
}

unequal <- character()
for (p1 in c(0.1, 0.236, 0.4)) {
  for (p2 in c(0.2, 0.35, 0.6)) {
    for (fraction in c(0.1, 0.3, 0.5, 0.7)) {
      n <- bsamsize(p1, p2, fraction = fraction, alpha = 0.05, power = 0.8)
      unequal <- c(unequal, line(p1 = p1, p2 = p2, fraction = fraction, n1 = n[["n1"]], n2 = n[["n2"]]))
    }
  }
}

cat("{\n\"r\": \"", R.version.string, "\",\n\"hmisc\": \"", as.character(packageVersion("Hmisc")), "\",\n", sep = "")
cat("\"equal\": [\n", paste(equal, collapse = ",\n"), "\n],\n", sep = "")
cat("\"unequal\": [\n", paste(unequal, collapse = ",\n"), "\n]\n}\n", sep = "")
