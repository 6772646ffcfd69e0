# SPDX-License-Identifier: GPL-3.0-or-later
$(BUILD)/bench-programs: $(BUILD)/bench/bench.o $(BUILD)/emu/core/sim.o $(BUILD)/emu/core/random.o $(BUILD)/libfastpath.a
	$(CC) $(CFLAGS) -o $@ $^ $(LDLIBS)

bench: all $(BUILD)/bench-programs
	BUILD=$(BUILD) sh bench/run

$(BUILD)/took: bench/took.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -o $@ $<

bench-against: all $(BUILD)/bench-programs $(BUILD)/took
	BUILD=$(BUILD) sh bench/against $(REV)

scaling: all $(BUILD)/took
	BUILD=$(BUILD) sh bench/scaling
