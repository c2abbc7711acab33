// The kernels of one instruction set, as a table; and which tables this build has and this processor can run.
#pragma once

#include <cstdint>
#include <span>

#include "jobs.hpp"
#include "team.hpp"

namespace onelayer {

template <class T>
struct Kernels {
    std::int64_t (*train)(const TrainJob<T>&, Team&);
    void (*pass)(const PassJob<T>&, Team&);
    void (*train_models)(const ModelsJob<T>&, Team&);
    void (*hog)(const HogJob<T>&, Team&);
};

struct Engine {
    const char* name;
    const Kernels<float>* single;
    const Kernels<double>* twice;
    bool (*runs_here)();

    template <class T>
    const Kernels<T>& kernels() const {
        if constexpr (sizeof(T) == sizeof(float)) {
            return *single;
        } else {
            return *twice;
        }
    }
};

// From the plainest to the fastest.
std::span<const Engine> engines();

}  // namespace onelayer
