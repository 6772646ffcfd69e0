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

# Built, trained, and built again with what was learnt; gcc only. Across files it warns of what it cannot follow.
PGO := -O3 -g -flto=1 -Wno-maybe-uninitialized
pgo: all
	rm -rf build/pgo
	$(MAKE) all BUILD=build/pgo OPT='$(PGO) -fprofile-generate'
	sh bench/train build/pgo
	find build/pgo -type f ! -name '*.gcda' -delete
	$(MAKE) all BUILD=build/pgo OPT='$(PGO) -fprofile-use -fprofile-partial-training -Wno-missing-profile'
	sh tests/determinism $(BUILD)/sppemu build/pgo/sppemu
