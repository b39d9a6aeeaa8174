/*
 * What befalls the process: it is killed at any step, its clock is set, its disk is full or breaks.
 */
#include "tests/simulation/simulation.h"

static void kill_sometime(struct sim *sim, void *unused)
{
    (void)unused;
    if (sim->calm)
        return;
    if (sim_may(sim, TROUBLE_CRASHES) && sim->process.up) {
        sim->process.death = (int)rng_between(&sim->process_rng, DEATH_NONE, DEATHS - 1);
        if (sim->process.death == DEATH_NONE) {
            sim_tell(sim, NULL, "the process is killed");
            process_crash(sim);
        }
    }
    sim_after(sim, rng_between(&sim->process_rng, 1, 70 * MINUTE_MS), kill_sometime, NULL);
}

static void set_clock(struct sim *sim, void *unused)
{
    static const int64_t most_ms[] = {3000, MINUTE_MS, 20 * MINUTE_MS, 3 * HOUR_MS};
    struct process *process = &sim->process;
    (void)unused;
    if (sim->calm)
        return;
    int64_t most = most_ms[rng_between(&sim->process_rng, 0, 3)];
    int64_t shift_ms = rng_between(&sim->process_rng, -most, most);
    if (sim_may(sim, TROUBLE_CLOCK) && process->up && (shift_ms > 1000 || shift_ms < -1000)) {
        sim_tell(sim, NULL, "the machine's clock is set by %+lld ms", (long long)shift_ms);
        process->offset_ms += shift_ms;
        process->shift_ms += shift_ms;
        process->wake_ms = 0;
        process_pass(sim, NULL); /* the kernel tells at once */
    }
    sim_after(sim, rng_between(&sim->process_rng, MINUTE_MS, 2 * HOUR_MS), set_clock, NULL);
}

static void mend_disk(struct sim *sim, void *unused)
{
    (void)unused;
    sim->process.disk_is_bad = false;
    disk_mend(sim->disk);
    sim_tell(sim, NULL, "the disk works again");
}

/* Full or broken for a while, or once. */
static void spoil_disk(struct sim *sim, void *unused)
{
    struct rng *rng = &sim->process_rng;
    int64_t for_ms = rng_between(rng, 100, rng_chance(rng, 800) ? 20000 : 10 * MINUTE_MS);
    (void)unused;
    if (sim->calm)
        return;
    if (sim_may(sim, TROUBLE_DISK) && !sim->process.disk_is_bad) {
        enum disk_operation operation = (enum disk_operation)rng_between(rng, 0, DISK_OPERATION_COUNT - 1);
        enum disk_fault fault = rng_chance(rng, 300)   ? DISK_BROKEN
                                : rng_chance(rng, 600) ? DISK_FULL
                                                       : DISK_SHORT;
        int64_t skip = rng_between(rng, 0, 30);
        disk_fail(sim->disk, operation, fault, skip, rng_chance(rng, 500) ? 1 : DISK_ALWAYS);
        sim->process.disk_is_bad = true;
        sim->process.disk_faults++;
        sim_tell(sim, NULL, "the disk: operation %d, fault %d, for %lld ms", (int)operation, (int)fault,
                 (long long)for_ms);
        sim_after(sim, for_ms, mend_disk, NULL);
    }
    sim_after(sim, rng_between(rng, MINUTE_MS, 2 * HOUR_MS), spoil_disk, NULL);
}

void process_troubles(struct sim *sim)
{
    disk_write_back_early(sim->disk, sim_may(sim, TROUBLE_DISK) ? 20 : 0);
    sim_after(sim, rng_between(&sim->process_rng, MINUTE_MS, 40 * MINUTE_MS), kill_sometime, NULL);
    sim_after(sim, rng_between(&sim->process_rng, MINUTE_MS, 2 * HOUR_MS), spoil_disk, NULL);
    if (rng_chance(&sim->process_rng, 400))
        sim_after(sim, rng_between(&sim->process_rng, MINUTE_MS, 2 * HOUR_MS), set_clock, NULL);
}

void process_calm(struct sim *sim)
{
    mend_disk(sim, NULL);
    sim->process.death = DEATH_NONE;
    process_start(sim, NULL);
}
