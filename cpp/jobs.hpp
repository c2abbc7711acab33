// What a kernel is told to do: plain data, the same for every instruction set. Arrays belong to the caller, and have
// been checked before a kernel sees them.
#pragma once

#include <cstdint>

namespace onelayer {

enum class Loss : int { logistic, softmax, sigmoid, hinge, squared_hinge };

// The losses that the engine knows, by the names that Python uses.
struct LossEntry {
    const char* name;
    Loss loss;
    bool takes_probabilities;  // as targets; the others take labels alone
    bool has_curvature;
};

inline constexpr LossEntry known_losses[] = {
    {"logistic", Loss::logistic, true, true},
    {"softmax", Loss::softmax, true, true},
    {"sigmoid", Loss::sigmoid, true, true},
    {"hinge", Loss::hinge, false, false},
    {"squared_hinge", Loss::squared_hinge, false, true},
};

enum class Element : int { uint8, float32, float64 };

// n rows of d features. Row i of the job is row indices[i] of the data, or row i without indices; mirrored[i] says
// whether it is mirrored left to right.
struct Rows {
    const void* data = nullptr;
    Element element = Element::uint8;
    std::int64_t n = 0, d = 0;
    const std::int64_t* indices = nullptr;
    const std::uint8_t* mirrored = nullptr;
    std::int64_t width = 1, channels = 1;  // of an image, where rows are mirrored
};

// Labels (n) with their smoothing, or else target probabilities (n, k).
template <class T>
struct Targets {
    const std::int64_t* labels = nullptr;
    const T* probabilities = nullptr;
    double smoothing = 0;
};

// The model sees features as (x − shift) · scale; both are (d).
template <class T>
struct Scaling {
    const T* shift = nullptr;
    const T* scale = nullptr;
};

// Called now and then on the thread that started the job; true ends the job after the current step.
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
    const std::int64_t* order = nullptr;  // (ordered): rows of one epoch after another; each epoch is cut into batches
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

// One pass over rows for m models at once. Sums are weighted, and are in float64 from tile to tile.
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
    const T* directions = nullptr;            // (m, k, d) for Hessian products instead of gradients; or null
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

struct BlockNormEntry {
    const char* name;
    BlockNorm norm;
};

// As scikit-image names them.
inline constexpr BlockNormEntry known_block_norms[] = {
    {"L1", BlockNorm::l1}, {"L1-sqrt", BlockNorm::l1_sqrt}, {"L2", BlockNorm::l2}, {"L2-Hys", BlockNorm::l2_hys}};

template <class T>
struct HogJob {
    const void* images = nullptr;  // (n, height, width, channels)
    Element element = Element::uint8;
    std::int64_t n = 0, height = 0, width = 0, channels = 0;
    std::int64_t orientations = 0, cell_height = 0, cell_width = 0, block_height = 0, block_width = 0;
    const T* cotangents = nullptr;  // (orientations − 1): of the angles that separate the bins
    BlockNorm norm = BlockNorm::l2_hys;
    bool square_root = false;  // of the pixels
    bool strongest = false;    // the channel with the largest gradient at each pixel, instead of their mean
    T* features = nullptr;     // (n, d)
    int threads = 1;
};

}  // namespace onelayer
