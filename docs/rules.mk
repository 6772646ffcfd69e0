# SPDX-License-Identifier: GPL-3.0-or-later
# Man pages, from the tables in the programs.
MAN := $(BUILD)/man/sppemu.1 $(BUILD)/man/sppfwd.1 $(BUILD)/man/sppemu-scenario.5
all: $(MAN)

$(BUILD)/man/sppfwd.1: $(BUILD)/sppfwd
	@mkdir -p $(@D)
	$(BUILD)/sppfwd --man >$@

$(BUILD)/man/%: $(BUILD)/sppemu
	@mkdir -p $(@D)
	$(BUILD)/sppemu help --man $* >$@
