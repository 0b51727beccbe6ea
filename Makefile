# make            build/trunkauditd and build/trunkaudit
# make run        the demonstration: one audit over the lab's fifteen trunks
# make test       everything (installs what the tests need)
# make install    DESTDIR= prefix= sysconfdir= unitdir=
# make deb        the Debian package, in build/; make rpm: an RPM package
#
# CC=gcc|clang   SAN=address,undefined   WERROR=1   BUILD=directory (default build)

VERSION := 0.1.0
BUILD ?= build
SAN ?=
WERROR ?=
prefix ?= /usr
sysconfdir ?= /etc
bindir ?= $(prefix)/bin
sbindir ?= $(prefix)/sbin
unitdir ?= $(or $(shell pkg-config --variable=systemdsystemunitdir systemd 2>/dev/null),/lib/systemd/system)
libdir ?= $(prefix)/lib
sysusersdir ?= $(prefix)/lib/sysusers.d
catalogdir ?= $(prefix)/lib/systemd/catalog
mandir ?= $(prefix)/share/man
bashcompletiondir ?= $(prefix)/share/bash-completion/completions
zshcompletiondir ?= $(prefix)/share/zsh/site-functions
docdir ?= $(prefix)/share/doc/trunkauditd

pkg_cflags = $(shell pkg-config --cflags $(1) 2>/dev/null)
pkg_libs = $(shell pkg-config --libs $(1) 2>/dev/null)
COMMON_PKGS := sqlite3 libcrypto yaml-0.1
DAEMON_PKGS := libsystemd libcurl libcares libssl
cflags_pkg := $(call pkg_cflags,$(COMMON_PKGS) $(DAEMON_PKGS))

warnings := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wpointer-arith -Wcast-qual \
  -Wwrite-strings -Wvla -Wformat=2 -Wconversion -Wswitch-enum -Wundef -Wimplicit-fallthrough -Walloca
# Which compiler, whatever name it goes by: cc, gcc and a cache before it make the same objects.
compiler := $(shell $(CC) --version 2>/dev/null | head -n 1 | sed 's/^[^ ]* //')
ifneq ($(findstring clang,$(compiler)),clang)
warnings += -Wjump-misses-init -Wlogical-op -Wduplicated-cond -Wnull-dereference
endif

CFLAGS ?= -O2 -g
override CFLAGS += -std=c17 $(warnings) $(if $(WERROR),-Werror) -fPIE
override CPPFLAGS += -D_GNU_SOURCE -DTRUNKAUDIT_VERSION='"$(VERSION)"' -I. -I$(BUILD)
override LDFLAGS += -pie
# No -ftrivial-auto-var-init: gcc 12 clears "padding" of large nested structs at wrong offsets with it, so that data is lost.
ifeq ($(SAN),)
override CFLAGS += -fstack-protector-strong -fstack-clash-protection -fcf-protection
override CPPFLAGS += -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3
override LDFLAGS += -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed
else
override CFLAGS += -fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer
override LDFLAGS += -fsanitize=$(SAN)
endif

mains := daemon/trunkauditd.c daemon/trunkaudit.c
common_src := $(wildcard common/*.c)
daemon_src := $(filter-out $(mains),$(wildcard daemon/*.c))
lab_src := $(wildcard tests/lab/*.c)
unit_src := $(wildcard tests/unit/test_*.c)
fuzz_src := $(wildcard tests/fuzz/fuzz_*.c)
sql_inc := $(patsubst sql/%.sql,$(BUILD)/sql/%.inc,$(wildcard sql/*.sql sql/pages/*.sql))
obj = $(patsubst %.c,$(BUILD)/%.o,$(1))
units := $(patsubst %.c,$(BUILD)/%,$(unit_src))
fuzz_replays := $(patsubst tests/fuzz/%.c,$(BUILD)/tests/fuzz/%.replay,$(fuzz_src))
fuzzers := $(patsubst tests/fuzz/%.c,$(BUILD)/tests/fuzz/%,$(fuzz_src))

.PHONY: all run demo test check lab units fuzzers fuzz-replays install deb rpm format clean
.SECONDARY:
.DELETE_ON_ERROR:

# What objects and programs depend on besides files: these change when their text does. Without the first, other flags would leave old objects;
# without the second, a source that is gone would leave its object in the library.
link = $(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.o %.a,$^)
keep = @mkdir -p $(@D); printf '%s\n' "$$text" | cmp -s - $@ || printf '%s\n' "$$text" >$@
$(BUILD)/settings: export text = $(compiler) $(filter-out -Werror,$(CFLAGS)) $(CPPFLAGS) $(LDFLAGS) $(cflags_pkg)
$(BUILD)/sources: export text = $(common_src) $(daemon_src) $(lab_src)
$(BUILD)/settings $(BUILD)/sources: always
	$(keep)
.PHONY: always

manuals := $(addprefix $(BUILD)/,trunkaudit.1 trunkauditd.yaml.5 trunkaudit-causes.7 trunkauditd.8)
all: $(BUILD)/trunkauditd $(BUILD)/trunkaudit $(manuals)

$(BUILD)/trunkauditd: $(call obj,daemon/trunkauditd.c $(daemon_src)) $(BUILD)/libcommon.a
$(BUILD)/trunkaudit: $(call obj,daemon/trunkaudit.c $(daemon_src)) $(BUILD)/libcommon.a
$(BUILD)/trunkauditd $(BUILD)/trunkaudit: $(BUILD)/sources
	@echo '  link $@'
	@$(link) $(call pkg_libs,$(COMMON_PKGS) $(DAEMON_PKGS))

# The manual of the causes, and the options in that of the configuration, are printed by programs made of the same tables.
$(BUILD)/packaging/man/%: $(BUILD)/packaging/man/%.o $(BUILD)/libcommon.a
	@$(link) $(call pkg_libs,$(COMMON_PKGS))
$(BUILD)/trunkaudit-causes.7: $(BUILD)/packaging/man/causes
	@$< > $@
$(BUILD)/options.roff: $(BUILD)/packaging/man/options
	@$< > $@
$(BUILD)/trunkauditd.yaml.5: packaging/man/trunkauditd.yaml.5 $(BUILD)/options.roff $(BUILD)/settings
	@sed -e 's/@VERSION@/$(VERSION)/' -e '/^@OPTIONS@$$/{' -e 'r $(BUILD)/options.roff' -e 'd' -e '}' $< > $@
$(BUILD)/trunkaudit.1 $(BUILD)/trunkauditd.8: $(BUILD)/%: packaging/man/% $(BUILD)/settings
	@sed -e 's/@VERSION@/$(VERSION)/' $< > $@

$(BUILD)/libcommon.a: $(call obj,$(common_src)) $(BUILD)/sources
	@rm -f $@ && $(AR) rcs $@ $(filter %.o,$^)

$(BUILD)/%.o: %.c $(BUILD)/settings | $(sql_inc)
	@mkdir -p $(@D)
	@echo '  cc   $<'
	@$(CC) $(CPPFLAGS) $(CFLAGS) $(cflags_pkg) -MMD -MP -c -o $@ $<

# SQL becomes a string literal that a .c file includes.
$(BUILD)/sql/%.inc: sql/%.sql
	@mkdir -p $(@D)
	@sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/^/"/' -e 's/$$/\\n"/' $< > $@

# -- tests -----------------------------------------------------------------------------------------------------------
lab: $(BUILD)/lab
$(BUILD)/lab: $(call obj,$(lab_src)) $(BUILD)/sources
	@echo '  link $@'
	@$(link) $(call pkg_libs,libmicrohttpd gnutls nettle)

units: $(units)
$(BUILD)/tests/unit/%: $(BUILD)/tests/unit/%.o $(BUILD)/libcommon.a
	@echo '  link $@'
	@$(link) $(call pkg_libs,check $(COMMON_PKGS))

fuzz-replays: $(fuzz_replays)
$(BUILD)/tests/fuzz/%.replay: $(BUILD)/tests/fuzz/%.o $(BUILD)/tests/fuzz/replay.o $(BUILD)/libcommon.a
	@echo '  link $@'
	@$(link) $(call pkg_libs,$(COMMON_PKGS))

# libFuzzer: make fuzzers; build/fuzz/tests/fuzz/fuzz_NAME -max_total_time=60 tests/fuzz/corpus/NAME
fuzzers:
	$(MAKE) BUILD=$(BUILD)/fuzz CC=clang SAN=address,undefined CFLAGS='-O1 -g -fsanitize=fuzzer-no-link' fuzzer-programs
.PHONY: fuzzer-programs
fuzzer-programs: $(fuzzers)
$(BUILD)/tests/fuzz/fuzz_%: $(BUILD)/tests/fuzz/fuzz_%.o $(BUILD)/libcommon.a
	@echo '  link $@'
	@$(link) -fsanitize=fuzzer $(call pkg_libs,$(COMMON_PKGS))

run:
	@sh packaging/dependencies.sh build
	@$(MAKE) --no-print-directory -s demo

demo: all lab
	@sh tests/lab/demo.sh $(BUILD)

test:
	@sh packaging/dependencies.sh test
	@$(MAKE) --no-print-directory check

check:
	@sh tests/run.sh

units_of_systemd := trunkauditd.service trunkauditd-alert.path trunkauditd-alert.service trunkauditd-alert@.service

# -- install ------------------------------------------------------------------------------------------------------------
install: all
	install -D -m 0755 $(BUILD)/trunkauditd $(DESTDIR)$(sbindir)/trunkauditd
	install -D -m 0755 $(BUILD)/trunkaudit $(DESTDIR)$(bindir)/trunkaudit
	install -D -m 0644 conf/trunkauditd.yaml $(DESTDIR)$(sysconfdir)/trunkauditd/trunkauditd.yaml
	install -d -m 0755 $(DESTDIR)$(unitdir)
	for unit in $(units_of_systemd); do \
	  sed -e 's#@sbindir@#$(sbindir)#g' -e 's#@libdir@#$(libdir)#g' -e 's#@sysconfdir@#$(sysconfdir)#g' systemd/$$unit > $(DESTDIR)$(unitdir)/$$unit && \
	  chmod 0644 $(DESTDIR)$(unitdir)/$$unit || exit; \
	done
	install -D -m 0755 systemd/alert-hook $(DESTDIR)$(libdir)/trunkauditd/alert-hook
	install -D -m 0644 systemd/trunkauditd.sysusers $(DESTDIR)$(sysusersdir)/trunkauditd.conf
	for manual in $(manuals); do \
		install -D -m 0644 $$manual $(DESTDIR)$(mandir)/man$${manual##*.}/$${manual##*/} || exit; done
	install -D -m 0644 packaging/completion/trunkaudit.bash $(DESTDIR)$(bashcompletiondir)/trunkaudit
	ln -sf trunkaudit $(DESTDIR)$(bashcompletiondir)/trunkauditd
	install -D -m 0644 packaging/completion/_trunkaudit $(DESTDIR)$(zshcompletiondir)/_trunkaudit
	install -D -m 0644 -t $(DESTDIR)$(docdir) docs/operations.md
	install -D -m 0644 -t $(DESTDIR)$(docdir)/examples examples/*
	install -D -m 0644 systemd/trunkauditd.catalog $(DESTDIR)$(catalogdir)/trunkauditd.catalog

# -- packages -----------------------------------------------------------------------------------------------------------
deb:
	@sh packaging/deb.sh $(BUILD) $(if $(findstring command line,$(origin VERSION)),$(VERSION))

rpm:
	@sh packaging/rpm.sh $(BUILD)

format:
	clang-format -i $$(git ls-files '*.c' '*.h')

clean:
	rm -rf $(BUILD)

-include $(patsubst %.c,$(BUILD)/%.d,$(mains) $(common_src) $(daemon_src) $(lab_src) $(unit_src) $(fuzz_src) tests/fuzz/replay.c packaging/man/causes.c \
  packaging/man/options.c)
