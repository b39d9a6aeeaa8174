# The proofs of the promises, beside the tests of "make check". docs/promises.md has what they show.
#
# make simulate [SEEDS=count] [SEED=first]        worlds of forty customers each, on all processors
# make kill [KILLS=count] [SEED=first] [MODE=…]   the program is killed under load; modes: tests/kill/victim.py
# make soak [EMERGENCIES=count] [MINUTES=… or HOURS=…]   a long life in a short time: nothing may grow
# make fuzz [TIME=seconds] [TARGET=name]          each target for TIME seconds (10), with clang, in build-fuzz
# make defects [DEFECT=name]                      each planted defect of tests/defects must be caught
# make instructions [KIND=name [PROFILE=1]] [RENEW=1]   what a webhook costs, compared; see scripts/count_instructions

.PHONY: simulate kill soak defects
SIMULATION := $(wildcard tests/simulation/*.c)
$(BUILD)/simulate: $(call obj,$(SIMULATION) $(DISK)) $(BUILD)/libemergency.a
	@echo "  LD    $@"
	$(Q)$(LINK)
simulate: $(BUILD)/simulate
	@SIMULATE=$(BUILD)/simulate SEEDS=$(SEEDS) SEED=$(SEED) scripts/run_simulation
kill: all $(BUILD)/full_disk.so $(BUILD)/lost_power.so
	@EMERGENCYD=$(abspath $(BUILD))/emergencyd $(PYTHON) tests/kill/kill.py \
		$(KILLS:%=--kills %) $(SEED:%=--seed %) $(MODE:%=--mode %)
soak: all
	@EMERGENCYD=$(abspath $(BUILD))/emergencyd EMERGENCIES=$(EMERGENCIES) MINUTES=$(MINUTES) HOURS=$(HOURS) \
		SLACK=$(SLACK) $(PYTHON) tests/soak/soak.py
defects:
	+@scripts/planted_defects $(DEFECT)

FUZZ        := $(wildcard tests/fuzz/fuzz_*.c)
FUZZ_SHARED := $(filter-out $(FUZZ),$(wildcard tests/fuzz/*.c)) $(filter-out daemon/main.c daemon/admin% daemon/courier%,$(DAEMON))

.PHONY: fuzz
fuzz:
	+@scripts/run_fuzz
# An archive: a target takes of it what it uses.
$(BUILD)/libfuzz.a: $(call obj,$(FUZZ_SHARED))
	$(Q)rm -f $@ && ar rcs $@ $^
$(FUZZ:%.c=$(BUILD)/%): LDFLAGS += -fsanitize=fuzzer
$(FUZZ:%.c=$(BUILD)/%): %: %.o $(BUILD)/libfuzz.a $(BUILD)/libemergency.a
	@echo "  LD    $@"
	$(Q)$(LINK)

INSTRUCTIONS := $(wildcard tests/instructions/*.c) tests/fuzz/signing.c

.PHONY: instructions
$(BUILD)/count_instructions: $(call obj,$(INSTRUCTIONS)) $(BUILD)/libemergency.a
	@echo "  LD    $@"
	$(Q)$(LINK)
instructions: $(BUILD)/count_instructions
	@HARNESS=$(abspath $<) KIND="$(KIND)" PROFILE=$(PROFILE) RENEW=$(RENEW) scripts/count_instructions
