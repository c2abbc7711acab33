// The arguments of a job, which Python passes by name. They are only unpacked here: onelayer.engine has checked
// shapes, types and ranges, so that errors speak of what the user passed. Arrays are read where they lie, never copied,
// and live as long as the call.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/tuple.h>

#include <cstddef>
#include <optional>
#include <string_view>
#include <tuple>

#include "jobs.hpp"

namespace onelayer {

class Arguments {
  public:
    using Input = nanobind::ndarray<nanobind::ro, nanobind::c_contig, nanobind::device::cpu>;
    using Output = nanobind::ndarray<nanobind::c_contig, nanobind::device::cpu>;

    explicit Arguments(nanobind::kwargs given) : given_(std::move(given)) {}

    template <class Value>
    Value value(const char* name) const {
        return nanobind::cast<Value>(given_[name]);
    }

    nanobind::object object(const char* name) const { return given_[name]; }

    // The entry of a table whose name Python passes.
    template <class Entry, std::size_t Count>
    const Entry& entry(const char* name, const Entry (&table)[Count]) const {
        const auto wanted = value<std::string_view>(name);
        for (const Entry& entry : table) {
            if (wanted == entry.name) {
                return entry;
            }
        }
        throw nanobind::value_error(name);
    }

    // Arrays, or null for None.
    template <class T>
    const T* input(const char* name) const {
        return data<const T>(array<Input>(name));
    }
    template <class T>
    T* output(const char* name) const {
        return data<T>(array<Output>(name));
    }

    std::int64_t length(const char* name, int axis = 0) const {
        return static_cast<std::int64_t>(array<Input>(name)->shape(static_cast<std::size_t>(axis)));
    }
    Element element(const char* name) const { return element_of(*array<Input>(name)); }
    bool is_matrix(const char* name) const {
        const auto found = array<Input>(name);
        return found && found->ndim() == 2;
    }

    Rows rows() const {
        const auto [data, indices, mirrored, width, channels] =
            without_copy<std::tuple<Input, Optional, Optional, std::int64_t, std::int64_t>>("rows");
        return {.data = data.data(),
                .element = element_of(data),
                .n = static_cast<std::int64_t>(indices ? indices->shape(0) : data.shape(0)),
                .d = static_cast<std::int64_t>(data.shape(1)),
                .indices = this->data<const std::int64_t>(indices),
                .mirrored = this->data<const std::uint8_t>(mirrored),
                .width = width,
                .channels = channels};
    }

    template <class T>
    Targets<T> targets() const {
        const auto [labels, probabilities, smoothing] = without_copy<std::tuple<Optional, Optional, double>>("targets");
        return {data<const std::int64_t>(labels), data<const T>(probabilities), smoothing};
    }

    template <class T>
    Scaling<T> scaling() const {
        const auto [shift, scale] = without_copy<std::tuple<Input, Input>>("scaling");
        return {static_cast<const T*>(shift.data()), static_cast<const T*>(scale.data())};
    }

  private:
    using Optional = std::optional<Input>;

    // nanobind must not convert: it would copy an array of another layout, and the copy would be gone when the job
    // runs.
    template <class Value>
    Value without_copy(const char* name) const {
        return nanobind::cast<Value>(given_[name], false);
    }

    template <class Array>
    std::optional<Array> array(const char* name) const {
        return without_copy<std::optional<Array>>(name);
    }

    template <class T, class Array>
    static T* data(const std::optional<Array>& array) {
        return array ? static_cast<T*>(array->data()) : nullptr;
    }

    static Element element_of(const Input& array) {
        if (array.dtype() == nanobind::dtype<std::uint8_t>()) {
            return Element::uint8;
        }
        return array.dtype() == nanobind::dtype<float>() ? Element::float32 : Element::float64;
    }

    nanobind::kwargs given_;
};

}  // namespace onelayer
