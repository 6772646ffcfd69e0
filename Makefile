# SPDX-License-Identifier: GPL-3.0-or-later
# sppemu: everything built goes to $(BUILD). `make help` lists the targets.
BUILD   ?= build
CC      ?= gcc
OPT     ?= -O3 -g
SAN     ?=
PREFIX  ?= /usr/local
VERSION := $(shell cat VERSION)

PACKAGES := glib-2.0 libpcap jansson gsl
CFLAGS   := -std=c11 -D_GNU_SOURCE -I. -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
            -Wwrite-strings -Wundef -Wno-missing-field-initializers -Werror -fno-strict-aliasing -ffp-contract=off \
            $(OPT) $(SAN) -DSPPEMU_VERSION='"$(VERSION)"'
GLIB_CFLAGS := $(shell pkg-config --cflags $(PACKAGES) 2>/dev/null)
LDFLAGS     := -Wl,--build-id
LDLIBS      := $(shell pkg-config --libs $(PACKAGES) 2>/dev/null) -lm

.PHONY: all ci figures-full figures-timing variants sensitivity sweeps timing demo test check-asan check-determinism check-cluster bench bench-against scaling pgo figures lint format reference loc fuzz coverage install uninstall deb clean help libraries
all:

# What is missing is said before a compiler complains about it.
libraries:
	@pkg-config --exists $(PACKAGES) 2>/dev/null || { \
	    echo "make: sppemu needs pkg-config and the libraries $(PACKAGES)."; \
	    echo "make: On Debian, sh setup.sh demo installs what is missing."; exit 1; } >&2

include emu/rules.mk fastpath/rules.mk components/rules.mk tests/rules.mk analysis/rules.mk docs/rules.mk bench/rules.mk

all: $(BUILD)/sppemu $(BUILD)/sppfwd

$(BUILD)/sppemu: $(COMPONENTS_OBJ) $(EMU_OBJ) $(FASTPATH_LOGGED_OBJ)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(BUILD)/%.o: %.c | libraries
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(GLIB_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/%.logged.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -DFP_LOGGED -MMD -MP -c -o $@ $<

demo: all
	FIGURES_OPTIONS=-j2 sh analysis/figures $(BUILD)/sppemu fig9

FIGURES := fig5 fig7 fig8 fig9 fig9-i3 fig10 fig11 fig11-anomaly fig12 two-npe eight-routers planetlab-node s-130 s-latency
figures: all
	FIGURES_OPTIONS=-j2 sh analysis/figures $(BUILD)/sppemu $(FIGURES)

# 2,000 pings a point instead of 200, as in the paper.
PINGS := --repeat 10
figures-full: all
	FIGURES_OPTIONS='-j2 $(PINGS)' sh analysis/figures $(BUILD)/sppemu fig10 fig12

# What else Figures 10 and 12 could be about: the table of docs/calibration.md.
variants: all
	mkdir -p results
	sh analysis/variants $(BUILD)/sppemu >results/variants.tmp && mv results/variants.tmp results/variants.md
	cat results/variants.md
	$(CALIBRATION)

# The tables of that page, from what results there are of the figures.
CALIBRATION = sh analysis/calibration docs/calibration.md $(FIGURES) >results/calibration.md && mv results/calibration.md docs/calibration.md
# Given again it goes on where it ended. The anomaly of Figure 11 claims nothing of its own.
sensitivity: all
	$(BUILD)/sppemu sensitivity $(patsubst %,scenarios/%.ini,$(filter-out fig7 fig8 fig11-anomaly,$(FIGURES))) -j2 --force -o results/sensitivity
	$(BUILD)/sppemu sensitivity scenarios/fig7.ini scenarios/fig8.ini --timing=fast -j2 --force -o results/sensitivity
	$(CALIBRATION)

# What changes a little when memory or Tx change a little.
sweeps: all
	sh analysis/sweeps $(BUILD)/sppemu results/sweeps

# How far fast timing is from detailed: a table of docs/timing.md.
timing: all
	mkdir -p results
	sh analysis/timing $(BUILD)/sppemu >results/timing.tmp && mv results/timing.tmp results/timing.txt
	cat results/timing.txt
	{ echo '```'; cat results/timing.txt; echo '```'; } | sh analysis/between docs/timing.md differences

# The claims of all figures by both timings, a table of the same page. Figures that are in results/ are taken from there.
figures-timing: all
	mkdir -p results
	FIGURES_OPTIONS=-j2 sh analysis/verdicts $(BUILD)/sppemu $(filter-out fig11-anomaly,$(FIGURES)) >results/verdicts.tmp && mv results/verdicts.tmp results/verdicts.md
	cat results/verdicts.md
	sh analysis/between docs/timing.md verdicts <results/verdicts.md

ci:
	sh tests/ci

SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
check-asan:
	$(MAKE) test BUILD=build/asan OPT='-O1 -g' SAN='$(SANITIZE)'

DETERMINISM := $(BUILD)/sppemu build/O0/sppemu build/clangO3/sppemu build/asan/sppemu
check-determinism: all
	$(MAKE) all BUILD=build/O0 OPT='-O0 -g'
	$(MAKE) all BUILD=build/clangO3 CC=clang OPT=-O3
	$(MAKE) all BUILD=build/asan OPT='-O1 -g' SAN='$(SANITIZE)'
	sh tests/determinism $(DETERMINISM)

# A study by GNU parallel and by a Slurm of one host, where they can run.
check-cluster: all
	sh tests/cluster

# emu/ and fastpath/ know nobody, components/ knows both: the folder names stay true. In components/
# a folder knows itself and those behind the colon; classes.c knows all. Files make no circles.
FOLDERS := blade ixp slowpath host chassis traffic:slowpath linecard:blade,ixp npe:blade,ixp,linecard gpe:blade,linecard,host slice:ixp,npe,linecard,gpe,slowpath plan control:blade,ixp,npe,linecard,gpe,slice,chassis,host
# The engine names no hardware and no box, not even in an example.
HARDWARE := microengines?|me[0-9]+|[rt]bufs?|tcam|sram|dram|rdram|scratchpad|msf|spi-?4|xscale|ixp[0-9]*|network processors?
BOXES    := npes?[0-9]*|gpes?[0-9]*|line ?cards?|chassis|blades?|vservers?
lint:
	@! grep -nwiE '$(HARDWARE)|$(BOXES)' emu/*/*.[ch]
	@! grep -nE '#include "(components|fastpath|tests)/' emu/*/*.[ch]
	@! grep -nE '#include "emu/(scenario|study|html|cli)/' emu/core/*.[ch]
	@! grep -nE '#include "emu/(study|html|cli)/' emu/scenario/*.[ch]
	@! grep -nE '#include "emu/(cli|html)/' emu/study/*.[ch]
	@! grep -nE '#include "emu/cli/' emu/html/*.[ch]
	@! grep -nE '#include "(components|emu|tests)/|glib' fastpath/*.[ch] fastpath/*/*.[ch]
	@! grep -nE '#include "tests/' components/*.[ch] components/*/*.[ch] components/*/*/*.[ch]
	@for folder in $(FOLDERS); do set -- $$(echo $$folder | tr :, '  '); known=$$(echo $$* | tr ' ' '|'); \
	    ! grep -nE '#include "components/[a-z]+/' $$(find components/$$1 -name '*.[ch]') | grep -vE "include .components/($$known)/" || exit 1; done
	@find emu components -name '*.[ch]' | while read f; do \
	    sed -n "s|^#include \"\(emu/.*\|components/.*\)\.h\".*|$${f%.?} \1|p" $$f; done | awk '$$1 != $$2' | tsort >/dev/null
	@! find . -path ./build -prune -o \( -name '*.[ch]' -o -name '*.def' -o -name '*.sh' -o -name '*.mk' \) -exec grep -L SPDX-License-Identifier {} + | sed 's/$$/: no line SPDX-License-Identifier: GPL-3.0-or-later/' | grep .
	@echo "ok lint includes and licences"
	@if command -v clang-format >/dev/null; then \
	    find emu fastpath components tests bench -name '*.[ch]' -exec clang-format --dry-run --Werror {} + && \
	    echo "ok lint format"; \
	else echo "clang-format is missing: the format is not checked (setup.sh test installs it)"; fi

format:
	find emu fastpath components tests bench -name '*.[ch]' -exec clang-format -i {} +

# The pages of docs/ that are made from tables.
reference: $(BUILD)/sppemu
	for page in parameters metrics verbs; do $(BUILD)/sppemu help --markdown $$page >docs/$$page.md; done

# C without blank and comment-only lines.
loc:
	@sh tests/loc

coverage:
	$(MAKE) test BUILD=build/coverage OPT='-O0 -g' SAN=--coverage
	gcovr --object-directory build/coverage --exclude tests/

# What is installed, as FILE:PATH below PREFIX, and is removed again. The folders named sppemu are ours.
ZSH_COMPLETIONS ?= share/zsh/site-functions
into     = $(foreach file,$(wildcard $(1)),$(file):$(2)/$(notdir $(file)))
PROGRAMS := $(BUILD)/sppemu:bin/sppemu $(BUILD)/sppfwd:bin/sppfwd
SHARED   := $(call into,scenarios/*.ini,share/sppemu/scenarios) $(call into,scenarios/data/*,share/sppemu/scenarios/data) \
            $(call into,scenarios/variants/*,share/sppemu/scenarios/variants) $(call into,scenarios/labs/*.*,share/sppemu/scenarios/labs) $(call into,scenarios/plan/*,share/sppemu/scenarios/plan) $(call into,scenarios/control/*,share/sppemu/scenarios/control) \
            $(call into,scenarios/labs/write-option/*,share/sppemu/scenarios/labs/write-option) \
            $(call into,fastpath/*.c fastpath/*.h,share/sppemu/fastpath) $(call into,fastpath/options/*,share/sppemu/fastpath/options) \
            $(call into,analysis/claims/*,share/sppemu/analysis/claims) \
            $(call into,README.md CONTRIBUTING.md,share/doc/sppemu) $(call into,docs/*.md docs/*.svg,share/doc/sppemu/docs) \
            $(call into,docs/labs/*,share/doc/sppemu/docs/labs) \
            completion/sppemu.bash:share/bash-completion/completions/sppemu completion/_sppemu:$(ZSH_COMPLETIONS)/_sppemu \
            $(foreach page,$(MAN),$(page):share/man/man$(patsubst .%,%,$(suffix $(page)))/$(notdir $(page)))
TO        = "$(DESTDIR)$(PREFIX)"
install: all
	@for f in $(PROGRAMS); do install -D "$${f%:*}" $(TO)/"$${f#*:}" || exit 1; done
	@for f in $(SHARED); do install -D -m 644 "$${f%:*}" $(TO)/"$${f#*:}" || exit 1; done

uninstall:
	@for f in $(PROGRAMS) $(SHARED); do rm -f $(TO)/"$${f#*:}" || exit 1; done
	@for d in share/sppemu share/doc/sppemu; do [ ! -d $(TO)/$$d ] || find $(TO)/$$d -depth -type d -empty -delete; done

# A Debian package in $(BUILD).
deb:
	@command -v dh >/dev/null || { echo "make: a Debian package needs debhelper; sh setup.sh deb installs it." >&2; exit 1; }
	$(MAKE) -f debian/rules clean binary
	$(MAKE) -f debian/rules clean

clean:
	rm -rf build results

help:
	@sed -n 's/^# target //p' Makefile */rules.mk

# target all                build sppemu and sppfwd
# target demo               Figure 9, NPE and Click, against the published numbers
# target figures            all figures of the paper that are here, one table of their claims, and a web page
# target test               build and run all tests
# target figures-full       Figures 10 and 12 with 2,000 pings a point
# target figures-timing     claims and verdicts of all figures by both timings: the table of docs/timing.md
# target variants           Figures 10 and 12 on the server, one change at a time
# target sensitivity        how far the claims of all figures move with every number in them; tables of docs/calibration.md
# target sweeps             how smoothly an NPE's rate follows memory and Tx: table and pictures
# target timing             how far fast timing is from detailed: the table of docs/timing.md
# target ci                 tests with gcc, clang and sanitizers, determinism, lint
# target check-asan         all tests under ASan and UBSan
# target check-determinism  equal bytes from four builds, with one job and two
# target check-cluster      a study by GNU parallel and by a Slurm that it starts and stops
# target bench              speed of calendar, NPE, native fast path and TCAM
# target bench-against      the same work at commit REV and here, in turn: ratios, as a table
# target scaling            how CPU time and memory grow with sizes, one at a time: exponents, picture
# target pgo                sppemu in build/pgo, by gcc with a profile: the same bytes, sooner
# target lint               who may include whom, licence lines, format
# target format             clang-format on everything
# target reference          make docs/parameters.md, docs/metrics.md and docs/verbs.md anew
# target loc                lines of code of each code option and of each folder
# target fuzz               fuzz captures, filters, expressions, scenarios and the fast path for a minute each
# target coverage           line coverage of the tests (needs gcovr)
# target install            to $(PREFIX)
# target uninstall          from $(PREFIX)
# target deb                a Debian package in build/ (needs debhelper)
# target clean              remove build/ and results/
# Other commits' builds are below $(BUILD)/against.
-include $(shell find $(BUILD) -name against -prune -o -name '*.d' -print 2>/dev/null)
