// The kernels of an instruction set, as a table; and the tables of this build, with whether this processor can run
// them.
#pragma once

#include <cstdint>
#include <span>

#include "jobs.hpp"
#include "thread_pool.hpp"

namespace onelayer {

template <class T>
struct Kernels {
    std::int64_t (*train)(const TrainJob<T>&, ThreadPool&);
    void (*pass)(const PassJob<T>&, ThreadPool&);
    void (*train_models)(const ModelsJob<T>&, ThreadPool&);
    void (*hog)(const HogJob<T>&, ThreadPool&);
};

struct Engine {
    const char* name;
    const Kernels<float>* float32;
    const Kernels<double>* float64;
    bool (*runs_here)();

    template <class T>
    const Kernels<T>& kernels() const {
        if constexpr (sizeof(T) == sizeof(float)) {
            return *float32;
        } else {
            return *float64;
        }
    }
};

// From the oldest instruction set to the newest.
std::span<const Engine> engines();

}  // namespace onelayer
