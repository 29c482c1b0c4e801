//! WHOIS (RFC 3912): one line with a domain or an address comes in, and what the registry knows of it goes out.

const std = @import("std");
const socketserver = @import("socketserver");

/// Bytes of a query with its line end: more than the longest domain has.
const max_query = 512;

/// Milliseconds that a peer may take to send the next part of its query.
const timeout = 30_000;

const registry = parseRegistry(@embedFile("registry.txt"));

const Record = struct {
    key: Key,
    /// The lines of the record, in the order of the file.
    text: []const u8,
};

const Key = union(enum) {
    domain: []const u8,
    range: Range,
};

/// The addresses that begin with the same bits.
const Range = struct {
    address: Address,
    bits: u8,

    fn contains(range: Range, other: Range) bool {
        if (std.meta.activeTag(range.address) != std.meta.activeTag(other.address) or range.bits > other.bits) return false;
        const one = range.address.bytes();
        const two = other.address.bytes();
        const whole = range.bits / 8;
        if (!std.mem.eql(u8, one[0..whole], two[0..whole])) return false;
        if (range.bits % 8 == 0) return true;
        const shift: u3 = @intCast(8 - range.bits % 8);
        return one[whole] >> shift == two[whole] >> shift;
    }

    /// An address, or one with `/` and a number of bits.
    fn parse(text: []const u8) ?Range {
        const slash = std.mem.indexOfScalar(u8, text, '/');
        const address = Address.parse(text[0 .. slash orelse text.len]) orelse return null;
        const size: u8 = @intCast(address.bytes().len * 8);
        const bits = if (slash) |at| parseNumber(text[at + 1 ..], 10, size) orelse return null else size;
        return .{ .address = address, .bits = @intCast(bits) };
    }
};

const Address = union(enum) {
    ipv4: [4]u8,
    ipv6: [16]u8,

    fn bytes(address: *const Address) []const u8 {
        return switch (address.*) {
            inline else => |*octets| octets,
        };
    }

    fn parse(text: []const u8) ?Address {
        if (parseIpv4(text)) |octets| return .{ .ipv4 = octets };
        if (parseIpv6(text)) |octets| return .{ .ipv6 = octets };
        return null;
    }

    fn parseIpv4(text: []const u8) ?[4]u8 {
        var octets: [4]u8 = undefined;
        var parts = std.mem.splitScalar(u8, text, '.');
        for (&octets) |*octet| octet.* = @intCast(parseNumber(parts.next() orelse return null, 10, 255) orelse return null);
        return if (parts.next() == null) octets else null;
    }

    /// RFC 4291, section 2.2, without the form that ends in an IPv4 address.
    fn parseIpv6(text: []const u8) ?[16]u8 {
        const gap = std.mem.indexOf(u8, text, "::");
        var head: [8]u16 = undefined;
        var tail: [8]u16 = undefined;
        const before = parseGroups(text[0 .. gap orelse text.len], &head) orelse return null;
        const after = if (gap) |at| parseGroups(text[at + 2 ..], &tail) orelse return null else 0;
        if (if (gap == null) before != 8 else before + after > 7) return null;
        var octets: [16]u8 = @splat(0);
        for (head[0..before], 0..) |group, i| std.mem.writeInt(u16, octets[i * 2 ..][0..2], group, .big);
        for (tail[0..after], 8 - after..) |group, i| std.mem.writeInt(u16, octets[i * 2 ..][0..2], group, .big);
        return octets;
    }

    fn parseGroups(text: []const u8, groups: *[8]u16) ?usize {
        if (text.len == 0) return 0;
        var parts = std.mem.splitScalar(u8, text, ':');
        var count: usize = 0;
        while (parts.next()) |part| : (count += 1) {
            if (count == groups.len or part.len > 4) return null;
            groups[count] = @intCast(parseNumber(part, 16, 0xffff) orelse return null);
        }
        return count;
    }
};

/// A number of digits alone: no sign, and none of the underscores that `std.fmt.parseInt` takes.
fn parseNumber(text: []const u8, base: u8, max: u32) ?u32 {
    if (text.len == 0 or text.len > 5) return null;
    var number: u32 = 0;
    for (text) |character| number = number * base + (std.fmt.charToDigit(character, base) catch return null);
    return if (number <= max) number else null;
}

/// Reads the registry when this is compiled, so that a mistake in it is an error of the build.
fn parseRegistry(comptime text: []const u8) []const Record {
    comptime {
        @setEvalBranchQuota(1_000_000);
        var records: []const Record = &.{};
        var paragraphs = std.mem.splitSequence(u8, text, "\n\n");
        while (paragraphs.next()) |paragraph| {
            const trimmed = std.mem.trim(u8, paragraph, "\n");
            if (trimmed.len == 0 or trimmed[0] == '#') continue;
            const first = trimmed[0 .. std.mem.indexOfScalar(u8, trimmed, '\n') orelse trimmed.len];
            const colon = std.mem.indexOf(u8, first, ": ") orelse @compileError("no key: " ++ first);
            const value = first[colon + 2 ..];
            const key: Key = if (std.mem.eql(u8, first[0..colon], "domain"))
                .{ .domain = value }
            else
                .{ .range = Range.parse(value) orelse @compileError("no range: " ++ first) };
            records = records ++ .{Record{ .key = key, .text = trimmed }};
        }
        return records;
    }
}

/// The record of a domain, or of the longest range that has an address or all of a range.
fn find(query: []const u8) ?*const Record {
    const asked = Range.parse(query);
    const domain = std.mem.trimEnd(u8, query, ".");
    var best: ?*const Record = null;
    for (registry) |*record| switch (record.key) {
        .domain => |name| if (std.ascii.eqlIgnoreCase(name, domain)) return record,
        .range => |range| {
            if (!range.contains(asked orelse continue)) continue;
            if (best == null or range.bits > best.?.key.range.bits) best = record;
        },
    };
    return best;
}

/// Whether a query may be repeated in the answer: it has no characters that could do something to a terminal.
fn isPrintable(query: []const u8) bool {
    for (query) |character| if (!std.ascii.isPrint(character)) return false;
    return true;
}

/// RFC 3912: lines end in CR LF.
fn writeLines(writer: *std.Io.Writer, text: []const u8) std.Io.Writer.Error!void {
    var lines = std.mem.splitScalar(u8, text, '\n');
    while (lines.next()) |line| try writer.print("{s}\r\n", .{line});
}

fn answer(writer: *std.Io.Writer, line: []const u8) std.Io.Writer.Error!void {
    const query = std.mem.trim(u8, line, " \t\r");
    if (query.len == 0 or !isPrintable(query)) return writeLines(writer, "% This is no query. Ask for a domain, or for an IP address.");
    const record = find(query) orelse return writer.print("% No match for {s}\r\n", .{query});
    try writeLines(writer, record.text);
}

fn serve(reader: *std.Io.Reader, writer: *std.Io.Writer) !void {
    const line = reader.takeDelimiter('\n') catch |err| switch (err) {
        error.StreamTooLong => {
            try writeLines(writer, "% The query is too long.");
            return writer.flush();
        },
        else => return err,
    } orelse return;
    try answer(writer, line);
    try writer.flush();
}

fn handle(connection: *socketserver.Connection) !void {
    connection.setTimeout(timeout);
    var input: [max_query]u8 = undefined;
    var output: [1024]u8 = undefined;
    var reader: socketserver.Reader = .init(connection, &input);
    var writer: socketserver.Writer = .init(connection, &output);
    try serve(&reader.interface, &writer.interface);
}

comptime {
    socketserver.exportStreamHandler(handle);
}

fn expectAnswer(query: []const u8, expected: []const u8) !void {
    var reader: std.Io.Reader = .fixed(query);
    var output: [1024]u8 = undefined;
    var writer: std.Io.Writer = .fixed(&output);
    try serve(&reader, &writer);
    try std.testing.expectEqualStrings(expected, writer.buffered());
}

test "a domain is found in any case, and with the dot of the root" {
    const expected = "domain: example.org\r\nregistrant: Nobody in particular\r\nstatus: reserved for documentation\r\n";
    for ([_][]const u8{ "example.org\r\n", "EXAMPLE.org.\n", " example.org " }) |query| try expectAnswer(query, expected);
}

test "the longest range counts" {
    try expectAnswer("192.0.2.127\r\n", "range: 192.0.2.0/24\r\nname: TEST-NET-1\r\nremarks: RFC 5737\r\n");
    for ([_][]const u8{ "192.0.2.128", "192.0.2.255", "192.0.2.192/26" }) |query| {
        try std.testing.expectEqualStrings("192.0.2.128/25", find(query).?.text[7..21]);
    }
    for ([_][]const u8{ "2001:db8:42::1", "2001:DB8:42::/64", "2001:db8:42:0:0:0:0:1" }) |query| {
        try std.testing.expectEqualStrings("2001:db8:42::/48", find(query).?.text[7..23]);
    }
    try std.testing.expectEqualStrings("2001:db8::/32", find("2001:db8::").?.text[7..20]);
    // A range is not in one that is smaller.
    for ([_][]const u8{ "192.0.0.0/16", "192.0.3.1", "2001:db9::1", "::1", "0.0.0.0/0" }) |query| {
        try std.testing.expectEqual(null, find(query));
    }
}

test "what is no address is none" {
    for ([_][]const u8{ "", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.", "+1.2.3.4", "1_0.2.3.4", "1.2.3.4/33", "1.2.3.4/", "::/129", ":::", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::", "12345::", "g::" }) |text| {
        try std.testing.expectEqual(null, Range.parse(text));
    }
    try std.testing.expectEqual(0, Range.parse("::/0").?.bits);
    try std.testing.expectEqual(32, Range.parse("255.255.255.255").?.bits);
}

test "a query that finds nothing is repeated only if it can do no harm" {
    try expectAnswer("example.net\r\n", "% No match for example.net\r\n");
    const refused = "% This is no query. Ask for a domain, or for an IP address.\r\n";
    for ([_][]const u8{ "\r\n", "\x1b[2J\r\n", "\xff\r\n", "a\x00b\r\n" }) |query| try expectAnswer(query, refused);
    try expectAnswer("", "");
}
