"""Positions, houses, eclipses, stars, times and errors of the Swiss Ephemeris (Moshier's)."""

import swisseph as swe

flags = swe.FLG_MOSEPH | swe.FLG_SPEED
for day in (2451545.0, 2415020.5, 2460000.25, 1900000.5):
    for planet in (*range(10), swe.MEAN_NODE, swe.TRUE_NODE, swe.OSCU_APOG):
        position, got = swe.calc_ut(day, planet, flags)
        print(planet, [round(v, 4) for v in position], got)
    for more in (swe.FLG_EQUATORIAL, swe.FLG_J2000, swe.FLG_XYZ, swe.FLG_HELCTR, swe.FLG_SIDEREAL):
        print([round(v, 4) for v in swe.calc_ut(day, swe.MARS, flags | more)[0]])
    for system in b"PKORCEWBMTXGU":
        cusps, angles = swe.houses(day, 52.5, 13.4, bytes([system]))
        print(chr(system), [round(c, 3) for c in cusps[:6]], [round(a, 3) for a in angles[:4]])
    print(
        round(swe.sidtime(day), 6),
        round(swe.deltat(day) * 86400, 1),
        swe.revjul(day),
        round(swe.get_ayanamsa_ut(day), 5),
    )
    print(
        [round(x, 3) for x in swe.azalt(day, swe.ECL2HOR, (13.4, 52.5, 50), 1013, 15, (120, 1, 1))]
    )
    print(
        [round(x, 3) for x in swe.pheno_ut(day, swe.VENUS, flags)[:5]]
        if isinstance(swe.pheno_ut(day, swe.VENUS, flags)[0], float)
        else ""
    )
print([round(x, 2) for x in swe.sol_eclipse_when_glob(2451545, flags)[1][:4]])
print([round(x, 2) for x in swe.lun_eclipse_when(2451545, flags)[1][:4]])
print(
    [
        round(x, 3)
        for x in swe.rise_trans(2451545, swe.SUN, swe.CALC_RISE, (13.4, 52.5, 50), 1013, 15, flags)[
            1
        ][:1]
    ]
)
print(
    swe.split_deg(123.456789, 0),
    swe.cotrans((120, 5, 1), 23.4),
    swe.degnorm(-30),
    swe.difdeg2n(350, 20),
)
print(
    swe.utc_to_jd(2020, 5, 17, 12, 30, 15.5),
    swe.jdut1_to_utc(2458987.0),
    swe.day_of_week(2451545),
    swe.get_planet_name(3),
)
swe.set_sid_mode(swe.SIDM_LAHIRI)
swe.set_topo(13.4, 52.5, 50)
print(
    [
        round(v, 4)
        for v in swe.calc_ut(2451545, swe.MOON, flags | swe.FLG_TOPOCTR | swe.FLG_SIDEREAL)[0]
    ]
)
for bad in (
    lambda: swe.calc_ut(2451545, swe.AST_OFFSET + 433),
    lambda: swe.fixstar_ut("Nostar", 2451545),
    lambda: swe.calc_ut(9e9, swe.MARS),
    lambda: swe.houses(2451545, 52, 13, b"P" * 2),
):
    try:
        print(bad())
    except Exception as e:
        print(type(e).__name__)
swe.close()
