// One table of kernels: compiled for each instruction set (ONELAYER_ISA) and float type (ONELAYER_REAL).
#include "engine.hpp"
#include "hog.hpp"
#include "models.hpp"
#include "pass.hpp"
#include "train.hpp"

namespace onelayer::ONELAYER_ISA {

namespace {

using T = ONELAYER_REAL;

// Calls body with a null pointer to the rows' type.
template <class Body>
auto with_element(Element element, Body&& body) {
    switch (element) {
        case Element::uint8:
            return body(static_cast<const std::uint8_t*>(nullptr));
        case Element::float32:
            return body(static_cast<const float*>(nullptr));
        default:
            return body(static_cast<const double*>(nullptr));
    }
}

template <class Pointer>
using Pointed = std::remove_const_t<std::remove_pointer_t<Pointer>>;

std::int64_t train_any(const TrainJob<T>& job, ThreadPool& pool) {
    return with_element(job.rows.element, [&](auto type) { return train<Pointed<decltype(type)>, T>(job, pool); });
}

void pass_any(const PassJob<T>& job, ThreadPool& pool) {
    with_element(job.rows.element, [&](auto type) { pass<Pointed<decltype(type)>, T>(job, pool); });
}

void train_models_any(const ModelsJob<T>& job, ThreadPool& pool) {
    with_element(job.rows.element, [&](auto type) { train_models<Pointed<decltype(type)>, T>(job, pool); });
}

void hog_any(const HogJob<T>& job, ThreadPool& pool) {
    with_element(job.element, [&](auto type) { hog<Pointed<decltype(type)>, T>(job, pool); });
}

}  // namespace

extern const Kernels<T> ONELAYER_TABLE;
const Kernels<T> ONELAYER_TABLE{&train_any, &pass_any, &train_models_any, &hog_any};

}  // namespace onelayer::ONELAYER_ISA
