-- SPDX-License-Identifier: GPL-3.0-or-later
--
-- Wireshark's reading of the control network's messages (components/control/message.h):
--   tshark -X lua_script:analysis/spp-control.lua -r control.pcap
-- The tables are those of the header; tests/cli_control.sh compares them.
local types = {
    [1] = "GetSlivers", [2] = "Slivers", [3] = "SliverState", [4] = "PortReserve", [5] = "PortRelease",
    [6] = "NpSliceRequest", [7] = "NpSliceGrant", [8] = "NpSliceRefuse", [9] = "NpSliceFree", [10] = "MpConfigure",
    [11] = "LcClaim", [12] = "LcRelease", [13] = "LcShare", [14] = "RateReport", [15] = "RateSet", [16] = "Log",
    [17] = "Alive", [18] = "Done", [19] = "Refused", [20] = "GetLeases", [21] = "Leases",
}
local tags = {
    [1] = {"error", "u32"}, [2] = {"text", "text"}, [3] = {"name", "text"}, [4] = {"node", "text"},
    [5] = {"npe", "text"}, [6] = {"code_option", "text"}, [7] = {"interface", "u32"}, [8] = {"protocol", "u32"},
    [9] = {"port", "u32"}, [10] = {"address", "u32"}, [11] = {"mac", "bytes"}, [12] = {"vlan", "u32"},
    [13] = {"direction", "u32"}, [14] = {"share", "u32"}, [15] = {"rate", "u64"}, [16] = {"rate_in", "u64"},
    [17] = {"rate_out", "u64"}, [18] = {"filters", "u32"}, [19] = {"queues", "u32"}, [20] = {"buffers", "u32"},
    [21] = {"sram", "u32"}, [22] = {"item", "group"}, [23] = {"verb", "u32"}, [24] = {"queue", "u32"},
    [25] = {"limit", "u32"}, [26] = {"verdict", "u32"}, [27] = {"position", "u32"}, [28] = {"key", "bytes"},
    [29] = {"mask", "bytes"}, [30] = {"offset", "u32"}, [31] = {"count", "u32"}, [32] = {"bytes", "bytes"},
    [33] = {"index", "u32"}, [34] = {"packets_in", "u64"}, [35] = {"bytes_in", "u64"}, [36] = {"packets_out", "u64"},
    [37] = {"bytes_out", "u64"}, [38] = {"cursor", "u32"}, [39] = {"more", "u32"}, [40] = {"record", "text"},
    [41] = {"state", "u32"}, [42] = {"time", "u64"}, [43] = {"expires", "u64"}, [44] = {"backlog", "u64"},
    [45] = {"level", "u32"}, [46] = {"lease", "u64"}, [47] = {"daemon", "text"}, [48] = {"interfaces", "u32"},
    [49] = {"number", "u32"}, [50] = {"value", "u64"}, [51] = {"reason", "u32"}, [52] = {"data", "u32"},
    [53] = {"memory", "bytes"}, [54] = {"share_in", "u32"}, [55] = {"share_out", "u32"},
}
local verbs = {
    [1] = "attach", [2] = "detach", [3] = "port_open", [4] = "port_close", [5] = "queue_open", [6] = "queue_close",
    [7] = "scheduler", [8] = "share", [9] = "limit", [10] = "filter_add", [11] = "filter_remove",
    [12] = "filter_list", [13] = "sram_write", [14] = "sram_read", [15] = "counters",
}
local proto = Proto("sppcontrol", "SPP control plane")
local f = {
    version = ProtoField.uint8("sppcontrol.version", "Version"),
    type = ProtoField.uint16("sppcontrol.type", "Type", base.DEC, types),
    id = ProtoField.uint64("sppcontrol.id", "Request id"),
    slice = ProtoField.uint32("sppcontrol.slice", "Slice id"),
    length = ProtoField.uint16("sppcontrol.length", "Length of TLVs"),
    u32 = ProtoField.uint32("sppcontrol.u32", "Number"),
    verb = ProtoField.uint32("sppcontrol.verb", "Verb", base.DEC, verbs),
    u64 = ProtoField.uint64("sppcontrol.u64", "Number"),
    text = ProtoField.stringz("sppcontrol.text", "Text"),
    bytes = ProtoField.bytes("sppcontrol.bytes", "Bytes"),
    group = ProtoField.none("sppcontrol.group", "Group"),
}
proto.fields = f
local broken = ProtoExpert.new("sppcontrol.broken", "Malformed message", expert.group.MALFORMED, expert.severity.ERROR)
proto.experts = {broken}

local function tlvs(buffer, tree)
    local at = 0
    while at < buffer:len() do
        if at + 4 > buffer:len() or at + 4 + buffer(at + 2, 2):uint() > buffer:len() then
            tree:add_proto_expert_info(broken)
            return
        end
        local tag, n = buffer(at, 2):uint() % 0x8000, buffer(at + 2, 2):uint()
        local name, kind = "tag " .. tag, "bytes"
        if tags[tag] then name, kind = tags[tag][1], tags[tag][2] end
        if name == "verb" then kind = "verb" end
        if n == 0 then
            tree:add(buffer(at, 4), name)
        else
            local item = tree:add(f[kind], buffer(at + 4, n))
            item:prepend_text(name .. ": ")
            if kind == "group" then tlvs(buffer(at + 4, n), item) end
        end
        at = at + 4 + n
    end
end

function proto.dissector(buffer, pinfo, tree)
    if buffer:len() < 20 or buffer(0, 2):uint() ~= 0x5350 then return 0 end
    local top = tree:add(proto, buffer())
    pinfo.cols.protocol = "SPP"
    pinfo.cols.info = types[buffer(4, 2):uint()] or "unknown type"
    top:add(f.version, buffer(2, 1))
    top:add(f.type, buffer(4, 2))
    top:add(f.id, buffer(6, 8))
    top:add(f.slice, buffer(14, 4))
    top:add(f.length, buffer(18, 2))
    if buffer(18, 2):uint() ~= buffer:len() - 20 then top:add_proto_expert_info(broken) end
    if buffer:len() > 20 then tlvs(buffer(20), top) end
    return buffer:len()
end

for port = 7000, 7010 do DissectorTable.get("udp.port"):add(port, proto) end
