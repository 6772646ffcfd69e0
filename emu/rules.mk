# SPDX-License-Identifier: GPL-3.0-or-later
EMU_OBJ := $(patsubst %.c,$(BUILD)/%.o,$(wildcard emu/*/*.c))
