"""Dates, calendars, curves, bonds, options, models and errors, by QuantLib."""

import QuantLib as ql

today = ql.Date(15, 5, 2020)
ql.Settings.instance().evaluationDate = today
print(
    today,
    today + ql.Period("3M"),
    ql.Date("2020-02-29", "%Y-%m-%d").weekday(),
    ql.Date.endOfMonth(today),
    ql.IMM.code(ql.IMM.nextDate(today)),
)
for calendar in (ql.TARGET(), ql.NullCalendar(), ql.WeekendsOnly()):
    print(
        calendar.name(),
        calendar.businessDaysBetween(today, today + 300),
        calendar.advance(today, 10, ql.Days),
        calendar.isHoliday(ql.Date(25, 12, 2020)),
    )
for count in (
    ql.Actual360(),
    ql.Actual365Fixed(),
    ql.Thirty360(ql.Thirty360.BondBasis),
    ql.ActualActual(ql.ActualActual.ISDA),
):
    print(count.name(), round(count.yearFraction(today, ql.Date(1, 3, 2023)), 8))
schedule = ql.Schedule(
    today,
    today + ql.Period("5Y"),
    ql.Period(ql.Semiannual),
    ql.TARGET(),
    ql.ModifiedFollowing,
    ql.ModifiedFollowing,
    ql.DateGeneration.Backward,
    False,
)
print(len(schedule), schedule[3], list(schedule)[-1])
curve = ql.YieldTermStructureHandle(ql.FlatForward(today, 0.03, ql.Actual365Fixed()))
bond = ql.FixedRateBond(2, 100.0, schedule, [0.04], ql.Thirty360(ql.Thirty360.BondBasis))
bond.setPricingEngine(ql.DiscountingBondEngine(curve))
print(
    round(bond.NPV(), 4),
    round(bond.cleanPrice(), 4),
    round(bond.accruedAmount(), 6),
    len(bond.cashflows()),
)
rate = bond.bondYield(
    ql.BondPrice(bond.cleanPrice(), ql.BondPrice.Clean),
    ql.Actual365Fixed(),
    ql.Compounded,
    ql.Annual,
)
print(
    round(rate, 6),
    round(ql.BondFunctions.duration(bond, rate, ql.Actual365Fixed(), ql.Compounded, ql.Annual), 4),
)
index = ql.Euribor6M(curve)
swap = ql.VanillaSwap(
    ql.Swap.Payer,
    1e6,
    schedule,
    0.031,
    ql.Thirty360(ql.Thirty360.BondBasis),
    schedule,
    index,
    0.0,
    index.dayCounter(),
)
index.addFixing(ql.Date(13, 5, 2020), 0.03)
swap.setPricingEngine(ql.DiscountingSwapEngine(curve))
print(round(swap.fairRate(), 6), round(swap.NPV(), 2))
helpers = [
    ql.DepositRateHelper(
        r, ql.Period(p), 2, ql.TARGET(), ql.ModifiedFollowing, True, ql.Actual360()
    )
    for r, p in ((0.01, "3M"), (0.012, "6M"), (0.015, "1Y"))
]
for kind in (ql.PiecewiseLogCubicDiscount, ql.PiecewiseLinearZero, ql.PiecewiseFlatForward):
    boot = kind(today, helpers, ql.Actual365Fixed())
    print(kind.__name__, round(boot.discount(today + 200), 6), len(boot.nodes()))
spot = ql.SimpleQuote(100.0)
process = ql.BlackScholesMertonProcess(
    ql.QuoteHandle(spot),
    ql.YieldTermStructureHandle(ql.FlatForward(today, 0.01, ql.Actual365Fixed())),
    curve,
    ql.BlackVolTermStructureHandle(
        ql.BlackConstantVol(today, ql.TARGET(), 0.2, ql.Actual365Fixed())
    ),
)
european = ql.VanillaOption(
    ql.PlainVanillaPayoff(ql.Option.Call, 105), ql.EuropeanExercise(today + 365)
)
american = ql.VanillaOption(
    ql.PlainVanillaPayoff(ql.Option.Put, 105), ql.AmericanExercise(today, today + 365)
)
for engine in (
    ql.AnalyticEuropeanEngine(process),
    ql.BinomialVanillaEngine(process, "crr", 200),
    ql.FdBlackScholesVanillaEngine(process, 100, 100),
    ql.MCEuropeanEngine(process, "PseudoRandom", timeSteps=1, requiredSamples=5000, seed=42),
):
    european.setPricingEngine(engine)
    print(round(european.NPV(), 1))
european.setPricingEngine(ql.AnalyticEuropeanEngine(process))
print(
    round(european.delta(), 5),
    round(european.vega(), 4),
    round(european.impliedVolatility(7.0, process), 4),
)
spot.setValue(110)
print(round(european.NPV(), 4))
american.setPricingEngine(ql.BinomialVanillaEngine(process, "jr", 200))
print(round(american.NPV(), 2))
heston = ql.HestonModel(
    ql.HestonProcess(curve, curve, ql.QuoteHandle(spot), 0.04, 1.0, 0.04, 0.3, -0.5)
)
european.setPricingEngine(ql.AnalyticHestonEngine(heston))
print(round(european.NPV(), 4), [round(v, 3) for v in heston.params()])
print(
    round(ql.NormalDistribution()(0.3), 6),
    round(ql.Brent().solve(lambda x: x * x - 2, 1e-9, 1.0, 0.0, 2.0), 6),
)
print(ql.LinearInterpolation([0, 1, 2], [0, 5, 7])(1.5))
seen = []
observer = ql.Observer(lambda: seen.append(1))
observer.registerWith(spot)
spot.setValue(111)
print(len(seen))
for bad in (
    lambda: ql.Date(31, 2, 2020),
    lambda: ql.Period("3X"),
    lambda: ql.FixedRateBond(2, 100.0, schedule, [], ql.Actual360()),
    lambda: ql.VanillaOption(
        ql.PlainVanillaPayoff(ql.Option.Call, 1), ql.EuropeanExercise(today + 3)
    ).NPV(),
    lambda: ql.BinomialVanillaEngine(process, "none", 10),
    lambda: ql.LinearInterpolation([0, 1], [0, 5])(9.0),
):
    try:
        print(type(bad()).__name__)
    except Exception as e:
        print(type(e).__name__)
