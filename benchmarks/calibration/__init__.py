"""Calibration of the weight, on the corpus and on simulated worlds: `python -m benchmarks.calibration [--simulate]`. Design point 6.

Written down before any score was looked at.

**Protocol on the corpus.** A report is what one study says of an exposure, an outcome and a population that is no part of another:
decreases, null or increases at p < 0.05. What is not known (an unread sign; a sign without p) is not scored. Each row is scored once: in
the edge of its own terms where another component reports there, else in the one it rolls up into. One component of the overlap graph
(studies that share patients, directly or through others) is left out at a time; the independent set is chosen anew among the rest, and
constants are learned from it. Meta-analyses are left out altogether, since they may hold the patients of what is left out. Brier is half
the sum of the three squared differences (Brier, Mon Weather Rev 1950;78:1-3), the log score -ln of the probability of what was reported
(Good, J R Stat Soc B 1952;14:107-14). Intervals are percentiles of 2000 resamples of components.

**References.** `votes-significance`: the shares of the three reports among the other cohorts, one of each added (symmetric).
`votes-significance-learned`: the same, what is added (as much on either side) learned in the fold by maximum likelihood.
`votes-direction`: the share of either sign among the cohorts of which a sign is known, significant or not, one of each added; how often a
report is significant is learned in the fold. `base-rates`: the shares of the three reports in the fold, one of each added (told that
factors are named by their risky side). `votes-told`: votes by significance where what is added is learned without symmetry, and so is told
that, too.

**Variants**, of the prior and the reporting of the weight; constants by maximum marginal likelihood on a small grid, in the fold:

1. `one-rho`, which was served then (method 1): mu ~ N(0, 0.5), tau ~ half-normal(0.15), rho 0.3.
2. `rho`: the same with rho learned.
3. `two-bumps`: mu is half N(m, s), half N(-m, s), with a share near zero, N(0, 0.05); m, s, that share and rho learned.
4. `wide`: mu ~ Student t with 4 degrees of freedom; its scale, tau's scale and rho learned.
5. `rho-edge`: reporting differs between edges; rho is one of 0.05, 0.2, 0.5, 1, each as likely a priori, integrated in each edge.

**Decision.** A variant takes the place of `one-rho` where the interval of the difference of their log scores on the corpus lies on
its side of zero, its log score in no simulated world is worse than that of `one-rho` by more than 0.01, and its mean over those worlds
that were not drawn from the prior of `one-rho` is not worse. Else that stays.

`rho-edge` met it and has been served since method 2; docs/method.md has the figures.
"""
