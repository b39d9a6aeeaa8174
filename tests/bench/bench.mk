# Measuring. docs/performance.md has what came of it.

BENCH_C      := $(wildcard tests/bench/bench_*.c) $(wildcard tests/bench/make_*.c)
BENCH        := $(BENCH_C:%.c=$(BUILD)/%)
BENCH_SHARED := $(addprefix tests/bench/,load.c base.c table.c rows.c)

# An archive: a program takes of it what it uses.
$(BUILD)/libbench.a: $(call obj,$(BENCH_SHARED))
	$(Q)rm -f $@ && ar rcs $@ $^
$(BENCH): %: %.o $(BUILD)/libbench.a $(BUILD)/libemergency.a
	@echo "  LD    $@"
	$(Q)$(LINK)
