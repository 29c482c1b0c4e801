// The text protocol of memcached, with a store that belongs to the connection and ends with it.
//
// A peer has as much memory as `MAX_STORE` says, and can neither see nor evict what another one has stored.
#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <optional>
#include <socketserver.hpp>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

using socketserver::Connection;
using socketserver::Result;

namespace {

constexpr std::size_t MAX_LINE = 2048;
constexpr std::size_t MAX_KEY = 250;
constexpr std::size_t MAX_VALUE = 1 << 20;
/// Bytes of all keys and values, and of what keeps them.
constexpr std::size_t MAX_STORE = 8 << 20;
constexpr std::size_t ITEM_OVERHEAD = 128;
/// Seconds up to which a time to live counts from now; a larger one is a time since 1970.
constexpr std::int64_t MAX_RELATIVE_TIME = 60 * 60 * 24 * 30;

struct Item {
    std::uint32_t flags = 0;
    std::uint64_t unique = 0;
    /// Seconds since 1970, or nothing if it never expires.
    std::optional<std::int64_t> expiry;
    std::string value;
};

std::int64_t now() {
    using namespace std::chrono;
    return duration_cast<seconds>(system_clock::now().time_since_epoch()).count();
}

/// When an item expires that is stored with this time: never for 0, at once for a negative one.
std::optional<std::int64_t> expiry_of(std::int64_t time) {
    if (time == 0) return std::nullopt;
    if (time < 0) return 0;
    return time <= MAX_RELATIVE_TIME ? now() + time : time;
}

class Store {
public:
    /// The item, unless it has expired.
    Item* find(std::string_view key) {
        auto found = items_.find(std::string(key));
        if (found == items_.end()) return nullptr;
        if (found->second.expiry && *found->second.expiry <= now()) {
            erase(key);
            return nullptr;
        }
        return &found->second;
    }

    /// Puts an item in the place of the one there. Returns false if there is no room.
    bool put(std::string_view key, Item item) {
        const Item* there = find(key);
        std::size_t freed = there ? cost(key, *there) : 0;
        if (used_ - freed + cost(key, item) > MAX_STORE) return false;
        used_ += cost(key, item) - freed;
        item.unique = ++unique_;
        items_.insert_or_assign(std::string(key), std::move(item));
        return true;
    }

    bool erase(std::string_view key) {
        auto found = items_.find(std::string(key));
        if (found == items_.end()) return false;
        used_ -= cost(key, found->second);
        items_.erase(found);
        return true;
    }

    void clear() {
        items_.clear();
        used_ = 0;
    }

    std::size_t count() const { return items_.size(); }
    std::size_t used() const { return used_; }

private:
    static std::size_t cost(std::string_view key, const Item& item) { return key.size() + item.value.size() + ITEM_OVERHEAD; }

    std::unordered_map<std::string, Item> items_;
    std::size_t used_ = 0;
    std::uint64_t unique_ = 0;
};

/// The words of a line.
std::vector<std::string_view> words_of(std::string_view line) {
    std::vector<std::string_view> words;
    for (std::size_t i = 0; i < line.size();) {
        std::size_t end = std::min(line.find(' ', i), line.size());
        if (end > i) words.push_back(line.substr(i, end - i));
        i = end + 1;
    }
    return words;
}

template <typename T>
std::optional<T> number(std::string_view text) {
    T value;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

bool is_key(std::string_view key) {
    for (unsigned char c : key) {
        if (c <= ' ' || c == 0x7f) return false;
    }
    return !key.empty() && key.size() <= MAX_KEY;
}

constexpr std::string_view BAD_FORMAT = "CLIENT_ERROR bad command line format\r\n";

class Session {
public:
    explicit Session(Connection& connection) : reader_(connection), writer_(connection) {}

    /// Serves commands until the peer has said `quit` or everything.
    Result serve() {
        for (;;) {
            // The peer may wait for the answers that are collected here.
            if (!reader_.has_line()) {
                if (auto flushed = writer_.flush(); !flushed) return flushed;
            }
            auto line = reader_.read_line();
            if (!line) return reject(line.error());
            if (line->empty()) return {};
            // A copy, since data that follows takes the place of the line.
            std::string text(line->begin(), line->end());
            if (!text.ends_with('\n')) return {};
            text.pop_back();
            if (text.ends_with('\r')) text.pop_back();
            auto words = words_of(text);
            if (!words.empty() && words[0] == "quit") return writer_.flush();
            if (auto done = command(words); !done) return done;
        }
    }

private:
    using Words = const std::vector<std::string_view>&;

    /// Where a line ends that does not fit cannot be told without taking all of it, so the connection ends with the answer.
    Result reject(const socketserver::Error& error) {
        if (error.number() != EMSGSIZE) return std::unexpected(error);
        if (auto written = writer_.write("CLIENT_ERROR line too long\r\n"); !written) return written;
        return writer_.flush();
    }

    Result command(Words words) {
        if (words.empty()) return writer_.write("ERROR\r\n");
        std::string_view name = words[0];
        if (name == "get" || name == "gets") return get(words, name == "gets");
        if (name == "set" || name == "add" || name == "replace" || name == "append" || name == "prepend" || name == "cas") {
            return store(words);
        }
        if (name == "incr" || name == "decr") return change(words, name == "incr");
        if (name == "delete") return remove(words);
        if (name == "touch") return touch(words);
        if (name == "flush_all") return flush_all(words);
        if (name == "version") return writer_.write("VERSION 1.6.0-socketserver\r\n");
        if (name == "verbosity") return answer(words, words.size() < 2 ? "ERROR\r\n" : "OK\r\n");
        if (name == "stats" && words.size() == 1) return stats();
        return writer_.write("ERROR\r\n");
    }

    /// An answer, unless the peer wants none.
    Result answer(Words words, std::string_view text) {
        if (words.back() == "noreply") return {};
        return writer_.write(text);
    }

    Result get(Words words, bool with_unique) {
        if (words.size() < 2) return writer_.write("ERROR\r\n");
        for (std::size_t i = 1; i < words.size(); i++) {
            if (!is_key(words[i])) return writer_.write(BAD_FORMAT);
        }
        for (std::size_t i = 1; i < words.size(); i++) {
            const Item* item = store_.find(words[i]);
            if (!item) continue;
            std::string head = "VALUE ";
            head.append(words[i]).append(" ").append(std::to_string(item->flags));
            head.append(" ").append(std::to_string(item->value.size()));
            if (with_unique) head.append(" ").append(std::to_string(item->unique));
            head.append("\r\n");
            if (auto written = writer_.write(head); !written) return written;
            if (auto written = writer_.write(item->value); !written) return written;
            if (auto written = writer_.write("\r\n"); !written) return written;
        }
        return writer_.write("END\r\n");
    }

    Result store(Words words) {
        bool is_cas = words[0] == "cas";
        std::size_t count = is_cas ? 6 : 5;
        if (words.size() < count || words.size() > count + 1) return writer_.write("ERROR\r\n");
        auto flags = number<std::uint32_t>(words[2]);
        auto time = number<std::int64_t>(words[3]);
        auto size = number<std::uint32_t>(words[4]);
        auto unique = is_cas ? number<std::uint64_t>(words[5]) : 0;
        // Without a size it cannot be told where the data ends, and it will be taken for commands, as memcached does.
        if (!size) return writer_.write(BAD_FORMAT);
        if (*size > MAX_VALUE) {
            if (auto skipped = skip(std::size_t{*size} + 2); !skipped) return skipped;
            return answer(words, "SERVER_ERROR object too large for cache\r\n");
        }
        std::string value(std::size_t{*size} + 2, '\0');
        if (reader_.buffered() < value.size()) {
            if (auto flushed = writer_.flush(); !flushed) return flushed;
        }
        auto read = reader_.read_exactly(value);
        if (!read) return std::unexpected(read.error());
        // The peer has gone in the middle of it.
        if (read->size() < value.size()) return {};
        if (!value.ends_with("\r\n")) {
            if (auto written = writer_.write("CLIENT_ERROR bad data chunk\r\n"); !written) return written;
            return skip_line(value);
        }
        value.resize(*size);
        if (!flags || !time || !unique || !is_key(words[1])) return writer_.write(BAD_FORMAT);
        Item item{.flags = *flags, .expiry = expiry_of(*time), .value = std::move(value)};
        return answer(words, store(words[0], words[1], std::move(item), *unique));
    }

    std::string_view store(std::string_view command, std::string_view key, Item item, std::uint64_t unique) {
        const Item* there = store_.find(key);
        if (command == "cas") {
            if (!there) return "NOT_FOUND\r\n";
            if (there->unique != unique) return "EXISTS\r\n";
        }
        if (command == "add" ? there != nullptr : command != "set" && there == nullptr) return "NOT_STORED\r\n";
        if (command == "append" || command == "prepend") {
            // These change the value, and keep what else was stored with it.
            std::string joined = command == "append" ? there->value + item.value : item.value + there->value;
            if (joined.size() > MAX_VALUE) return "SERVER_ERROR object too large for cache\r\n";
            item = Item{.flags = there->flags, .expiry = there->expiry, .value = std::move(joined)};
        }
        return store_.put(key, std::move(item)) ? "STORED\r\n" : "SERVER_ERROR out of memory storing object\r\n";
    }

    Result change(Words words, bool up) {
        if (words.size() < 3 || words.size() > 4) return writer_.write("ERROR\r\n");
        auto delta = number<std::uint64_t>(words[2]);
        if (!is_key(words[1])) return writer_.write(BAD_FORMAT);
        if (!delta) return answer(words, "CLIENT_ERROR invalid numeric delta argument\r\n");
        const Item* there = store_.find(words[1]);
        if (!there) return answer(words, "NOT_FOUND\r\n");
        auto value = number<std::uint64_t>(there->value);
        if (!value) return answer(words, "CLIENT_ERROR cannot increment or decrement non-numeric value\r\n");
        // Up wraps around, and down ends at 0: as the protocol has it.
        std::uint64_t changed = up ? *value + *delta : *value - std::min(*value, *delta);
        Item item = *there;
        item.value = std::to_string(changed);
        std::string text = item.value + "\r\n";
        bool stored = store_.put(words[1], std::move(item));
        return answer(words, stored ? text : "SERVER_ERROR out of memory in incr\r\n");
    }

    Result remove(Words words) {
        // A time of 0 was allowed once, and clients still send it.
        bool fits = words.size() == 2 || (words.size() == 3 && (words[2] == "0" || words[2] == "noreply")) ||
                    (words.size() == 4 && words[2] == "0" && words[3] == "noreply");
        if (!fits || !is_key(words[1])) return writer_.write(BAD_FORMAT);
        bool deleted = store_.find(words[1]) && store_.erase(words[1]);
        return answer(words, deleted ? "DELETED\r\n" : "NOT_FOUND\r\n");
    }

    Result touch(Words words) {
        if (words.size() < 3 || words.size() > 4) return writer_.write("ERROR\r\n");
        auto time = number<std::int64_t>(words[2]);
        if (!time || !is_key(words[1])) return writer_.write(BAD_FORMAT);
        Item* item = store_.find(words[1]);
        if (item) item->expiry = expiry_of(*time);
        return answer(words, item ? "TOUCHED\r\n" : "NOT_FOUND\r\n");
    }

    Result flush_all(Words words) {
        bool now = words.size() == 1 || words[1] == "noreply" || words[1] == "0";
        if (words.size() > 3 || !now) return writer_.write("CLIENT_ERROR a delay is not supported\r\n");
        store_.clear();
        return answer(words, "OK\r\n");
    }

    Result stats() {
        std::string text = "STAT curr_items ";
        text.append(std::to_string(store_.count())).append("\r\nSTAT bytes ").append(std::to_string(store_.used()));
        text.append("\r\nSTAT limit_maxbytes ").append(std::to_string(MAX_STORE)).append("\r\nEND\r\n");
        return writer_.write(text);
    }

    Result skip(std::size_t size) {
        std::array<char, 4096> discarded;
        if (auto flushed = writer_.flush(); !flushed) return flushed;
        while (size > 0) {
            auto part = reader_.read_exactly(std::span(discarded).first(std::min(size, discarded.size())));
            if (!part) return std::unexpected(part.error());
            if (part->empty()) return {};
            size -= part->size();
        }
        return {};
    }

    /// Takes the rest of a line whose beginning was data, so that it is not taken for a command.
    Result skip_line(std::string_view data) {
        if (data.ends_with('\n')) return {};
        if (auto flushed = writer_.flush(); !flushed) return flushed;
        auto line = reader_.read_line();
        // One that does not fit is rejected when it is read as the next command.
        if (!line && line.error().number() != EMSGSIZE) return std::unexpected(line.error());
        return {};
    }

    socketserver::LineReader<MAX_LINE> reader_;
    socketserver::Writer<4096> writer_;
    Store store_;
};

struct Memcached {
    Result handle(Connection& connection) { return Session(connection).serve(); }
};

}  // namespace

SOCKETSERVER_STREAM_HANDLER(Memcached)
