# SPDX-License-Identifier: GPL-3.0-or-later
# sppemu: everything built goes to $(BUILD). `make help` lists the targets.
BUILD   ?= build
CC      ?= gcc
OPT     ?= -O2 -g
SAN     ?=
PREFIX  ?= /usr/local
VERSION := $(shell cat VERSION)

PACKAGES := glib-2.0 libpcap jansson gsl
CFLAGS   := -std=c11 -D_GNU_SOURCE -I. -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
            -Wwrite-strings -Wundef -Wno-missing-field-initializers -Werror -fno-strict-aliasing -ffp-contract=off \
            $(OPT) $(SAN) -DSPPEMU_VERSION='"$(VERSION)"' -DSPPEMU_DATADIR='"$(PREFIX)/share/sppemu"'
GLIB_CFLAGS := $(shell pkg-config --cflags $(PACKAGES) 2>/dev/null)
LDLIBS      := $(shell pkg-config --libs $(PACKAGES) 2>/dev/null) -lm

.PHONY: all demo test check-asan check-determinism bench figures lint format fuzz coverage install clean help
all:

include emu/rules.mk fastpath/rules.mk components/rules.mk tests/rules.mk analysis/rules.mk docs/rules.mk

all: $(BUILD)/sppemu $(BUILD)/sppfwd

$(BUILD)/sppemu: $(COMPONENTS_OBJ) $(EMU_OBJ) $(FASTPATH_LOGGED_OBJ)
	$(CC) $(CFLAGS) -o $@ $^ $(LDLIBS)

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(GLIB_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/%.logged.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -DFP_LOGGED -MMD -MP -c -o $@ $<

clean:
	rm -rf build results

help:
	@sed -n 's/^# target //p' Makefile */rules.mk

# target all                build sppemu and sppfwd
# target clean              remove build/ and results/
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
