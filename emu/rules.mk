# SPDX-License-Identifier: GPL-3.0-or-later
EMU_OBJ := $(patsubst %.c,$(BUILD)/%.o,$(wildcard emu/*/*.c))

# A web page's style and script are built in, as string literals.
WEBPAGE_TEXTS := $(BUILD)/emu/html/report.css.inc $(BUILD)/emu/html/report.js.inc
$(BUILD)/%.inc: %
	@mkdir -p $(@D)
	@sed 's/[\\"]/\\&/g; s/.*/"&\\n"/' $< >$@
$(BUILD)/emu/html/webpage.o $(BUILD)/fuzz/emu/html/webpage.o: $(WEBPAGE_TEXTS)
$(BUILD)/emu/html/webpage.o $(BUILD)/fuzz/emu/html/webpage.o: CFLAGS += -I$(BUILD)
