/// What can be sent: strings, and arrays, spans and vectors of bytes.
#ifndef SOCKETSERVER_BYTES_HPP
#define SOCKETSERVER_BYTES_HPP

#include <concepts>
#include <ranges>
#include <string_view>
#include <type_traits>

namespace socketserver {

/// A string, whose zero byte does not count, or a range of `char`, `std::byte` or the like.
template <typename T>
concept Bytes = std::convertible_to<const T&, std::string_view> ||
                (std::ranges::contiguous_range<const T> && std::ranges::sized_range<const T> &&
                 sizeof(std::ranges::range_value_t<const T>) == 1 &&
                 std::is_trivially_copyable_v<std::ranges::range_value_t<const T>>);

namespace detail {

template <Bytes T>
std::string_view view(const T& bytes) {
    if constexpr (std::convertible_to<const T&, std::string_view>) {
        return bytes;
    } else {
        return {reinterpret_cast<const char*>(std::ranges::data(bytes)), std::ranges::size(bytes)};
    }
}

}  // namespace detail
}  // namespace socketserver

#endif
