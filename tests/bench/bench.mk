# Measuring: docs/performance.md has what came of it.
#
# make bench [BENCH_QUICK=1]   everything, in a quarter of an hour; quick: a minute, to see that it works
# make bench-deps              installs the Debian packages that it needs beside those of "make deps"

BENCH_DEB    := wrk gnuplot-nox webhook prometheus-alertmanager python3-fastapi python3-uvicorn python3-uvloop \
	python3-httptools libev-dev libevent-dev libuv1-dev
BENCH_C      := $(wildcard tests/bench/bench_*.c tests/bench/make_*.c tests/bench/sender.c)
BENCH        := $(BENCH_C:%.c=$(BUILD)/%)
BENCH_SHARED := $(addprefix tests/bench/,load.c base.c table.c rows.c)

.PHONY: bench bench-deps bench-programs
bench:
	@missing=$$(scripts/missing_packages $(BENCH_DEB)); [ -z "$$missing" ] || \
		{ echo "make bench needs (make bench-deps installs them):" $$missing >&2; exit 1; }
	@$(MAKE) all bench-programs
	@BUILD=$(BUILD) BENCH_QUICK=$(BENCH_QUICK) $(PYTHON) tests/bench/bench.py
bench-deps:
	@if [ "$$(id -u)" = 0 ]; then scripts/apt_install $(BENCH_DEB); else sudo scripts/apt_install $(BENCH_DEB); fi
bench-programs: $(BENCH)
# An archive: a program takes of it what it uses.
$(BUILD)/libbench.a: $(call obj,$(BENCH_SHARED))
	$(Q)rm -f $@ && ar rcs $@ $^
# libevent first: libev has functions of the same names.
$(BUILD)/tests/bench/bench_timers: LDLIBS += -levent_core -lev -luv
$(BUILD)/tests/bench/bench_timers: $(call obj,$(wildcard tests/bench/timers_*.c))
$(BENCH): %: %.o $(BUILD)/libbench.a $(BUILD)/libemergency.a
	@echo "  LD    $@"
	$(Q)$(LINK)
