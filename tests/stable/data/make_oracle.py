"""How `oracle.csv` was made: python make_oracle.py SEED SECONDS > oracle.csv (needs mpmath only).

f(x) = (1/π) Re ∫ exp(F(t)) dt and sf(x) = (1/π) Re ∫ exp(F(t)) dt / (it) along the ray t = r exp(−iθ), with
F(t) = −t^α − it (x + β expm1((α−1) log t) / tan(π(α−1)/2)), at so many digits that cancellation does not matter.
Gauss–Legendre panels in log r. Points that need more than 200 panels are left out.
"""

import functools
import itertools
import random
import sys
import time

import mpmath as mp

ALPHAS = [0.5, 0.55, 0.6, 0.62, 0.75, 0.85, 0.95, 0.999, 0.9999, 0.9999999, 1, 1.0000001, 1.001, 1.02, 1.05, 1.15, 1.2]
ALPHAS += [1.4, 1.6, 1.75, 1.85, 1.9, 1.97, 1.999, 1.9999, 1.999999, 1.99999999]
BETAS = [-1, -0.999, -0.8, -0.2, 0, 0.05, 0.6, 0.99, 1]
XS = [0, 0.01, 0.3, 0.8, 1.7, 3.3, 5.5, 9, 15, 40, 150, 1000]
MOST_PANELS = 200


@functools.lru_cache
def gauss_legendre(n, digits):
    with mp.workdps(digits + 10):
        rule = []
        for k in range(n):
            z = mp.cos(mp.pi * (k + mp.mpf("0.75")) / (n + mp.mpf("0.5")))
            for _ in range(12):
                p0, p1 = mp.mpf(1), z
                for j in range(2, n + 1):
                    p0, p1 = p1, ((2 * j - 1) * z * p1 - (j - 1) * p0) / j
                slope = n * (z * p1 - p0) / (z * z - 1)
                z -= p1 / slope
            rule.append((z, 2 / ((1 - z * z) * slope * slope)))
        return rule


def upper(alpha, beta, x, digits):
    """pdf(x) and sf(x) for x >= 0, or None where it would take too long."""
    mp.mp.dps = digits
    alpha, beta, x = mp.mpf(alpha), mp.mpf(beta), mp.mpf(x)
    eps = alpha - 1
    tangent = mp.tan(mp.pi * eps / 2) if eps else None

    def exponent(log_t):
        skew = mp.expm1(eps * log_t) / tangent if eps else 2 / mp.pi * log_t
        t = mp.exp(log_t)
        return -t * mp.exp(eps * log_t) - 1j * t * (x + beta * skew)

    if eps < 0:
        down = x >= beta / tangent
        theta = mp.mpf("0.3") * mp.pi if down else (-mp.mpf("0.05") * mp.pi if beta < 0 else mp.mpf(0))
    elif eps == 0:
        theta = mp.pi * (mp.mpf("0.2") if beta > 0 else (mp.mpf(0) if beta < 0 else mp.mpf("0.3")))
    else:
        psi = mp.atan(-beta / tangent)
        theta = min(max((mp.mpf("0.42") * mp.pi - psi) / alpha, -mp.mpf("0.1") * mp.pi), mp.mpf("0.3") * mp.pi)
    last = mp.mpf("1e-6")
    while exponent(mp.log(last) - 1j * theta).real > -mp.log(10) * digits - 5:
        last *= mp.mpf("1.3")
    first, end = -mp.log(10) * digits / min(alpha, 1) - 2, mp.log(last)
    edges = [p for p in (first, first / 2, first / 4, mp.mpf(-8)) if p < end]
    while edges[-1] < end:
        r = mp.exp(edges[-1])
        skew_rate = 1 + abs(beta / tangent) if eps and abs(eps) > 0.05 else 4 * (1 + abs(edges[-1]))
        rate = abs(x) * r + alpha * r**alpha * skew_rate
        edges.append(min(end, edges[-1] + min(mp.mpf("0.7"), 4 / (rate + mp.mpf("1e-3")))))
        if len(edges) > MOST_PANELS:
            return None
    pdf, sf = mp.mpf(0), (mp.pi / 2 - theta)
    for low, high in itertools.pairwise(edges):
        parts = max(1, int((high - low) / 2) + 1) if high - low > 3 else 1
        half = (high - low) / parts / 2
        for k in range(parts):
            middle = low + (2 * k + 1) * half
            for node, weight in gauss_legendre(28 if digits <= 40 else 40, digits):
                log_t = middle + half * node - 1j * theta
                value = mp.exp(exponent(log_t))
                pdf += weight * half * (value * mp.exp(log_t)).real
                sf += weight * half * (value / 1j).real
    return pdf / mp.pi, sf / mp.pi


def main():
    draw, stop = random.Random(int(sys.argv[1])), time.time() + float(sys.argv[2])
    sys.stdout.write("alpha,beta,x,pdf,tail\n")
    while time.time() < stop:
        alpha, beta = draw.choice(ALPHAS), draw.choice(BETAS)
        x = draw.choice(XS) * draw.choice((-1, 1)) * (1 + 0.1 * draw.random())
        mirrored = -beta if x < 0 else beta
        found = upper(alpha, mirrored, abs(x), 40)
        if found and found[0] < 1e-15:
            found = upper(alpha, mirrored, abs(x), 70)
        if found:
            sys.stdout.write(f"{alpha},{beta},{x!r},{mp.nstr(found[0], 20)},{mp.nstr(found[1], 20)}\n")


if __name__ == "__main__":
    main()
