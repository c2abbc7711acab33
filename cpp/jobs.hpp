// What a kernel is told: plain data, the same for every instruction set. Arrays belong to the caller; every one has
// been checked before a kernel sees it.
#pragma once

#include <cstdint>

namespace onelayer {

enum class Loss : int { logistic, softmax, sigmoid, hinge, squared_hinge };
enum class Element : int { uint8, float32, float64 };

// n rows of d features. Row i of the job is row positions[i] of the data (i itself without positions); mirrored[i] says
// whether it is mirrored.
struct Rows {
    const void* data = nullptr;
    Element element = Element::uint8;
    std::int64_t n = 0, d = 0;
    const std::int64_t* positions = nullptr;
    const std::uint8_t* mirrored = nullptr;
    std::int64_t width = 1, channels = 1;  // of an image, where rows are mirrored
};

// Labels (n), smoothed or not, or else target probabilities (n, k).
template <class T>
struct Targets {
    const std::int64_t* labels = nullptr;
    const T* probabilities = nullptr;
    double smoothing = 0;
};

// Features as the model sees them: (x − shift) · scale, each (d).
template <class T>
struct Scaling {
    const T* shift = nullptr;
    const T* scale = nullptr;
};

// Called now and then on the thread that began the job; true ends it after the current step.
struct Poll {
    bool (*ask)(void*) = nullptr;
    void* context = nullptr;
};

template <class T>
struct TrainJob {
    Rows rows;
    Targets<T> targets;
    Scaling<T> scaling;
    const T* row_weights = nullptr;  // (n), or null for 1 each
    Loss loss = Loss::softmax;
    std::int64_t k = 0;
    const std::int64_t* order = nullptr;  // (ordered): epochs one after another, each cut into batches by itself
    std::int64_t ordered = 0, rows_per_epoch = 0, batch_size = 0, steps = 0;
    const double* learning_rates = nullptr;  // (steps)
    T* weights = nullptr;                    // (k, d)
    T* intercepts = nullptr;                 // (k)
    T* weight_velocity = nullptr;            // (k, d), or null without momentum
    T* intercept_velocity = nullptr;         // (k)
    double momentum = 0, l2 = 0;
    bool penalize_bias = false, fit_intercept = true;
    double* batch_losses = nullptr;  // (steps)
    int threads = 1;
    Poll poll;
};

// One pass over rows for m models at once; sums are weighted, and in float64 from tile to tile.
template <class T>
struct PassJob {
    Rows rows;
    Targets<T> targets;
    Scaling<T> scaling;
    const T* row_weights = nullptr;  // (n), or (m, n) with own_row_weights, or null for 1 each
    bool own_row_weights = false;
    Loss loss = Loss::softmax;
    std::int64_t m = 1, k = 0;
    const T* weights = nullptr;               // (m, k, d)
    const T* intercepts = nullptr;            // (m, k)
    const T* directions = nullptr;            // (m, k, d): Hessian products instead of gradients; or null
    const T* direction_intercepts = nullptr;  // (m, k)
    double* sums = nullptr;                   // (m, 3): of weight · loss, weight · correct, weight
    double* gradient = nullptr;               // (m, k, d), or null where only the sums are wanted
    double* intercept_gradient = nullptr;     // (m, k)
    int threads = 1;
};

// m models that share rows, order and batches; each has its own learning rates, penalty, momentum, start and row
// weights.
template <class T>
struct ModelsJob {
    Rows rows;
    Targets<T> targets;
    Scaling<T> scaling;
    const T* row_weights = nullptr;  // (n), or (n, m) with own_row_weights, or null for 1 each
    bool own_row_weights = false;
    Loss loss = Loss::softmax;
    std::int64_t m = 1, k = 0;
    const std::int64_t* order = nullptr;  // (ordered)
    std::int64_t ordered = 0, batch_size = 0, steps = 0;
    const double* learning_rates = nullptr;  // (steps, m)
    T* weights = nullptr;                    // (m, k, d)
    T* intercepts = nullptr;                 // (m, k)
    T* weight_velocity = nullptr;            // (m, k, d), or null without momentum
    T* intercept_velocity = nullptr;         // (m, k)
    const double* momentum = nullptr;        // (m)
    const double* l2 = nullptr;              // (m)
    bool penalize_bias = false, fit_intercept = true;
    double* batch_losses = nullptr;  // (steps, m)
    int threads = 1;
};

enum class BlockNorm : int { l1, l1_sqrt, l2, l2_hys };

template <class T>
struct HogJob {
    const void* images = nullptr;  // (n, height, width, channels)
    Element element = Element::uint8;
    std::int64_t n = 0, height = 0, width = 0, channels = 0;
    std::int64_t orientations = 0, cell_height = 0, cell_width = 0, block_height = 0, block_width = 0;
    const T* cotangents = nullptr;  // (orientations − 1): of the angles between the bins
    BlockNorm norm = BlockNorm::l2_hys;
    bool square_root = false, strongest = false;
    T* features = nullptr;  // (n, d)
    int threads = 1;
};

}  // namespace onelayer
