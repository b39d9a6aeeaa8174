# make fuzz [TIME=seconds] [TARGET=name]: each target, or that one, for TIME seconds (10), with clang, in build-fuzz.
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
