# make [all]       builds build/emergencyd and build/emergencyctl
# make deps        installs the Debian packages that building, testing and linting need
# make run         runs the daemon with CONFIG
# make demo        installs what is missing, builds, and shows three emergencies, from the page to their ends
# make check       installs what is missing, builds, and runs all tests
# make simulate, kill, soak, fuzz, defects, instructions: see tests/proofs.mk; bench: tests/bench/bench.mk
# make lint        clang-tidy, gcc -fanalyzer, cppcheck and the project's own rules; format, format-check
# make install     DESTDIR and PREFIX are honoured
# CC=clang, SANITIZE=address,undefined and SANITIZE=thread build into directories of their own. V=1 shows commands.

VERSION  := 0.1.0
PREFIX   ?= /usr/local
CONFIG   ?= config.example.ini
ifeq ($(origin CC),default)
CC := gcc
endif
CLANG  := $(findstring clang,$(CC))
BUILD  ?= build$(CLANG:%=-%)$(if $(findstring address,$(SANITIZE)),-asan)$(if $(findstring thread,$(SANITIZE)),-tsan)
JOBS   := $(shell nproc)
PYTHON := /usr/bin/python3
Q      := $(if $(V),,@)

# Parallel by default; not when a goal changes what the others stand on.
ifeq ($(MAKELEVEL)$(filter deps clean,$(MAKECMDGOALS)),0)
MAKEFLAGS += -j$(JOBS)
endif
MAKEFLAGS += --no-print-directory

DEB := gcc libc6-dev pkg-config libmicrohttpd-dev libcurl4-openssl-dev libsqlite3-dev libyajl-dev libjansson-dev \
	libinih-dev libssl-dev libsystemd-dev libglib2.0-dev ca-certificates \
	check python3 python3-aiohttp python3-pytest python3-pytest-xdist util-linux \
	clang clang-tidy clang-format cppcheck pmccabe valgrind
LIBRARIES := libmicrohttpd libcurl sqlite3 yajl jansson inih libcrypto libsystemd glib-2.0
HAVE_DEPS := { pkg-config --exists $(LIBRARIES) check && $(PYTHON) -c 'import aiohttp, pytest, xdist'; } 2>/dev/null

# Asked once, and only when something is compiled: "make deps" must work without pkg-config.
PKG = $(eval PKG := $$(shell pkg-config --cflags --libs $(LIBRARIES) 2>&1))$(if $(filter -l%,$(PKG)),$(PKG),$(error \
	libraries are missing, "make deps" installs them))
WARN     := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror
CPPFLAGS  = -I. -I$(BUILD) -D_GNU_SOURCE -DEMERGENCYD_VERSION='"$(VERSION)"' $(filter-out -l%,$(PKG))
CFLAGS   := -std=c11 -g -pthread -fPIE -fstack-protector-strong $(WARN)
LDFLAGS  := -pthread -pie -Wl,-z,relro,-z,now
LDLIBS    = $(filter -l%,$(PKG))
ifneq ($(SANITIZE),)
# Static run-time libraries, so that the tests may preload a library of their own; clang's are static anyway.
STATIC  := $(if $(findstring thread,$(SANITIZE)),-static-libtsan,-static-libasan -static-libubsan)
CFLAGS  += -O1 -fno-omit-frame-pointer -fsanitize=$(SANITIZE) -fno-sanitize-recover=all
LDFLAGS += -fsanitize=$(SANITIZE) $(if $(CLANG),,$(STATIC))
else
CFLAGS  += -O2 -D_FORTIFY_SOURCE=2
endif

LIB     := $(wildcard lib/*.c lib/services/*.c)
DAEMON  := $(wildcard daemon/*.c)
CTL     := $(wildcard ctl/*.c)
OURS    := $(LIB) $(DAEMON) $(CTL)
HEADERS := $(wildcard lib/*.h lib/services/*.h daemon/*.h ctl/*.h)
ALL_C   := $(OURS) $(HEADERS) $(shell find tests -name '*.[ch]')
UNIT    := $(wildcard tests/unit/*.c)
SUITES  := $(patsubst tests/unit/test_%.c,%,$(filter tests/unit/test_%,$(UNIT)))
DISK    := $(wildcard tests/disk/*.c)
obj      = $(patsubst %.c,$(BUILD)/%.o,$(1))
COMPILE  = $(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<
LINK     = $(CC) $(LDFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(LDLIBS)

.PHONY: all deps run demo check test bench format format-check lint lint-all lint-rules lint-cppcheck \
	install clean FORCE
.DELETE_ON_ERROR:
all: $(BUILD)/emergencyd $(BUILD)/emergencyctl
$(BUILD)/emergencyd: $(call obj,$(DAEMON)) $(BUILD)/board.o $(BUILD)/libemergency.a
$(BUILD)/emergencyctl: $(call obj,$(CTL)) $(BUILD)/libemergency.a
$(BUILD)/emergencyd $(BUILD)/emergencyctl:
	@echo "  LD    $@"
	$(Q)$(LINK)
$(BUILD)/libemergency.a: $(call obj,$(LIB)) $(BUILD)/migrations.o
	@echo "  AR    $@"
	$(Q)rm -f $@ && ar rcs $@ $^
$(BUILD)/migrations.o $(BUILD)/board.o: %.o: %.c
	$(Q)$(COMPILE)
$(BUILD)/%.o: %.c Makefile
	@echo "  CC    $<"
	@mkdir -p $(@D)
	$(Q)$(COMPILE)

# Written anew each time, replaced only if different: also a removed migration or test is noticed.
replace = if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi
$(BUILD)/migrations.c $(BUILD)/board.c: FORCE
	@mkdir -p $(@D)
	@scripts/embed_$(basename $(@F)) $(if $(findstring board,$(@F)),daemon/board/*,migrations/*.sql) >$@.new && $(replace)
$(BUILD)/unit_suites.inc: FORCE
	@mkdir -p $(@D)
	@printf 'SUITE(%s)\n' $(SUITES) >$@.new && $(replace)

# The unit tests may also use what the daemon is made of, all but its main().
$(call obj,$(UNIT)): | $(BUILD)/unit_suites.inc
$(BUILD)/unit_tests: LDLIBS += $(shell pkg-config --libs check)
$(BUILD)/unit_tests: $(call obj,$(UNIT) $(DISK) $(filter-out daemon/main.c,$(DAEMON))) $(BUILD)/board.o $(BUILD)/libemergency.a
	@echo "  LD    $@"
	$(Q)$(LINK)
# Never sanitized: they are preloaded into programs that bring their own run-time library.
$(BUILD)/lost_power.so: $(DISK) tests/disk/disk.h tests/disk/disk_model.h
$(BUILD)/%.so: tests/flow/%.c Makefile
	@mkdir -p $(@D)
	$(Q)$(CC) -I. -D_GNU_SOURCE -std=c11 -O1 -fPIC -shared $(WARN) -o $@ $(filter %.c,$^) $(if $(findstring lost,$@),-lsqlite3)

deps:
	@command -v apt-get >/dev/null || { echo 'no apt-get; needed are, by their Debian names: $(DEB)' >&2; exit 1; }
	@if [ "$$(id -u)" = 0 ]; then scripts/apt_install $(DEB); else sudo scripts/apt_install $(DEB); fi
run: all
	$(BUILD)/emergencyd -c $(CONFIG)
demo:
	@$(HAVE_DEPS) || $(MAKE) deps
	@$(MAKE) all
	@EMERGENCYD=$(abspath $(BUILD))/emergencyd KEEP=$(KEEP) $(PYTHON) tests/demo.py
check:
	@$(HAVE_DEPS) || $(MAKE) deps
	@$(MAKE) test
test: all $(BUILD)/unit_tests $(BUILD)/simulate $(BUILD)/full_disk.so $(BUILD)/lost_power.so $(BUILD)/interposed.so
	@BUILD=$(abspath $(BUILD)) SANITIZE=$(SANITIZE) PYTHON=$(PYTHON) scripts/run_tests
include tests/proofs.mk tests/bench/bench.mk

format:
	clang-format -i $(ALL_C)
format-check:
	clang-format --dry-run -Werror $(ALL_C)

# Goes on after a finding, to show them all. Leaks: gcc 12 sees false ones, clang and ASan look for them.
lint:
	@$(MAKE) -k lint-all
lint-all: $(OURS:%=$(BUILD)/lint/%.ok) lint-rules lint-cppcheck
lint-rules:
	@scripts/check_rules $(ALL_C)
	@printf '%s\n' $(HEADERS) | xargs -P$(JOBS) -n1 gcc $(CPPFLAGS) -std=c11 $(WARN) -Wno-pedantic -fsyntax-only -x c
lint-cppcheck:
	@cppcheck --quiet -j$(JOBS) --std=c11 --enable=warning,performance,portability --inline-suppr \
		--error-exitcode=1 --suppress=missingIncludeSystem -I. -D_GNU_SOURCE lib daemon ctl
$(BUILD)/lint/%.c.ok: %.c Makefile .clang-tidy
	@echo "  LINT  $<"
	@mkdir -p $(@D)
	$(Q)gcc $(CPPFLAGS) $(CFLAGS) -fanalyzer -Wno-analyzer-malloc-leak -MMD -MP -MT $@ -MF $(@:.ok=.d) -c -o $(@:.ok=.o) $<
	$(Q)clang-tidy --quiet $< -- $(CPPFLAGS) -std=c11 2>/dev/null
	@touch $@

install: all
	@DESTDIR=$(DESTDIR) PREFIX=$(PREFIX) BUILD=$(BUILD) scripts/install
clean:
	rm -rf build build-*

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
