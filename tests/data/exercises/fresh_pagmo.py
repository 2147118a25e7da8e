"""Problems, populations and algorithms of many kinds, islands, pickles and errors, by pagmo."""

import pickle

import pygmo as pg

pg.set_global_rng_seed(5)


class Sphere:
    def fitness(self, x):
        return [sum(v * v for v in x)]

    def get_bounds(self):
        return ([-5.0] * 4, [5.0] * 4)

    def gradient(self, x):
        return [2 * v for v in x]


class Two:
    def fitness(self, x):
        return [x[0] ** 2, (x[0] - 2) ** 2]

    def get_nobj(self):
        return 2

    def get_bounds(self):
        return ([-5.0], [5.0])


for problem in (pg.rosenbrock(4), pg.ackley(3), pg.schwefel(2), Sphere()):
    p = pg.problem(problem)
    print(
        p.get_name()[:30],
        p.get_nx(),
        p.get_nobj(),
        p.get_bounds()[0].tolist(),
        p.fitness([0.5] * p.get_nx()).round(6).tolist(),
        p.has_gradient(),
    )
    for algorithm in (
        pg.de(60, seed=1),
        pg.sade(40, seed=1),
        pg.cmaes(40, seed=1),
        pg.pso(40, seed=1),
        pg.simulated_annealing(seed=1),
        pg.sga(30, seed=1),
        pg.gaco(20, ker=10, seed=1),
        pg.compass_search(500),
        pg.bee_colony(15, seed=1),
        pg.xnes(20, seed=1),
    ):
        a = pg.algorithm(algorithm)
        population = pg.population(p, 20, seed=3)
        start = population.champion_f[0]
        after = a.evolve(population)
        print(
            a.get_name()[:12],
            after.champion_f[0] <= start,
            len(after),
            after.problem.get_fevals() > 20,
        )
multi = pg.population(Two(), 24, seed=2)
for algorithm in (pg.nsga2(20, seed=1), pg.moead(20, seed=1)):
    done = pg.algorithm(algorithm).evolve(multi)
    print(
        len(pg.fast_non_dominated_sorting(done.get_f())[0][0]) > 5,
        pg.hypervolume(done.get_f()).compute([60, 60]) > 0,
    )
print(
    pg.hypervolume([[1, 2], [2, 1]]).compute([3, 3]),
    pg.hypervolume([[1, 2], [2, 1]]).contributions([3, 3]).tolist(),
)
print(pg.pareto_dominance([1, 1], [2, 2]), pg.crowding_distance([[0, 3], [1, 1], [3, 0]]).tolist())
p = pickle.loads(pickle.dumps(pg.problem(pg.decompose(pg.zdt(1, param=5), [0.5, 0.5], [0, 0]))))
print(
    p.get_name(), p.get_nx(), pg.problem(pg.translate(Sphere(), [1] * 4)).fitness([1] * 4).tolist()
)
algorithm = pickle.loads(pickle.dumps(pg.algorithm(pg.mbh(pg.de(10, seed=1), 2, 0.1, seed=2))))
print(
    algorithm.get_name()[:10],
    algorithm.evolve(pg.population(Sphere(), 10, seed=1)).champion_f[0] < 50,
)
print(pg.estimate_gradient_h(lambda x: [x[0] ** 2 + 3 * x[1]], [1.0, 2.0]).round(4).tolist())
islands = pg.archipelago(
    n=3, algo=pg.de(20, seed=1), prob=pg.rosenbrock(3), pop_size=10, udi=pg.thread_island(), seed=4
)
islands.evolve(2)
islands.wait_check()
print(
    len(islands), [len(i.get_population()) for i in islands], str(islands.status).rpartition(".")[2]
)
island = pg.island(algo=pg.de(5), prob=pg.schwefel(2), size=8, seed=1)
island.evolve()
island.wait_check()
print(island.get_population().champion_f[0] >= 0)
for bad in (
    lambda: pg.problem(5),
    lambda: pg.problem(pg.rosenbrock(1)),
    lambda: pg.de(10, F=9),
    lambda: pg.population(pg.ackley(2), 3).push_back([1]),
    lambda: pg.algorithm(pg.de(1)).evolve(pg.population(pg.ackley(2), 1)),
    lambda: pg.hypervolume([[5, 5]]).compute([1, 1]),
):
    try:
        print(bad())
    except Exception as e:
        print(type(e).__name__)
