// One table of kernels: compiled for each instruction set (ONELAYER_ISA) and float type (ONELAYER_REAL). A set that
// adds instructions for bytes alone has kernels for rows of bytes, and takes all others from the set ONELAYER_FALLBACK.
#include "engine.hpp"
#include "hog.hpp"
#include "models.hpp"
#include "pass.hpp"
#include "train.hpp"

#if defined(ONELAYER_FALLBACK)
namespace onelayer::ONELAYER_FALLBACK {
extern const Kernels<ONELAYER_REAL> ONELAYER_TABLE;
}
#endif

namespace onelayer::ONELAYER_ISA {

namespace {

using T = ONELAYER_REAL;

#if defined(ONELAYER_FALLBACK)

constexpr const Kernels<T>& others = ONELAYER_FALLBACK::ONELAYER_TABLE;

std::int64_t train_any(const TrainJob<T>& job, ThreadPool& pool) {
    return job.rows.element == Element::uint8 ? train<std::uint8_t, T>(job, pool) : others.train(job, pool);
}

void pass_any(const PassJob<T>& job, ThreadPool& pool) {
    job.rows.element == Element::uint8 ? pass<std::uint8_t, T>(job, pool) : others.pass(job, pool);
}

void train_models_any(const ModelsJob<T>& job, ThreadPool& pool) {
    others.train_models(job, pool);
}

void hog_any(const HogJob<T>& job, ThreadPool& pool) {
    others.hog(job, pool);
}

#else

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
using Pointed = std::remove_const_t<std::remove_pointer_t<Pointer> >;

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

#endif

}  // namespace

extern const Kernels<T> ONELAYER_TABLE;
const Kernels<T> ONELAYER_TABLE{&train_any, &pass_any, &train_models_any, &hog_any};

}  // namespace onelayer::ONELAYER_ISA
