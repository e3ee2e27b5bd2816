"""Calibration of the weight: `python -m benchmarks.calibration [--learn | --simulate [--worlds N]]`. docs/method.md, section 6.

Written down before any figure of method 4 was looked at.

**Learning** (`--learn`). Each finding once, in the association of its own terms and narrowest population; of each the independent set;
associations in which that set prints an exact figure (an estimate, or an exact p). The shares of the mixture are those of largest marginal
likelihood, by EM from equal shares until none moves by more than 1e-6 (Stephens, Biostatistics 2017;18:275-94); the part near zero is not
learned. As which z a word, p < 0.01 and p < 0.001 are read: the median of the exact |z| above 1.96, 2.58 and 3.29.

**Worlds** (`--simulate`). The corpus's associations and sizes; 20 of each kind; constants learned anew in each world from its own reports.

1. `own prior`: what the weight takes for granted: near zero one half, else the learned mixture.
2. `half exactly zero`: one half have no effect at all.
3. `three quarters near zero`: and what is not significant is printed a tenth as often as what is.
4. `words are the weaker`: the nearer a significant z to 1.96, the likelier its paper says a word alone.
5. `tau 0.4`: cohorts differ more than is taken for granted.

Said: the weight of the likelier sign. Right: whether the average effect has it; an effect of exactly zero has either sign one time in two.
The bar: |right - said| over all edges at most 0.03 in the first two; the others, and all bins of what was said, are reported as they are.

**Corpus** (no argument). One overlap component (studies that share patients, directly or through others) is left out at a time, the
independent set is chosen anew among the rest, and constants are learned from it. Scored is the sign of each report whose sign is known,
each finding once, in the edge of its own terms where another component reports there, else in the one it rolls up into: -ln of the
probability of that sign, given whether the report is significant. Meta-analyses are left out. References: `reports`: (k + 1) / (n + 2)
of the other cohorts' significant reports; `directions`: the same of all signs that are known; `method 3`: its model of the same reports
(mu ~ N(0, 0.5), words as any z beyond 1.96). `base rate` is told how often factors are named by their risky side, which no other
forecast is. Intervals are percentiles of 2000 resamples of components.

**What words rest on** (no argument). The distribution of the exact |z| of significant reports, and over them, each at its own information,
the mean weight of the figure alone and of a word in its place: that of the word must not be higher.
"""
