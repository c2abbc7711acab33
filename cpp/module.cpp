// The Python module. It only unpacks arguments: shapes, types and ranges have been checked by onelayer.kernels, which
// says in its users' words what is wrong.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <chrono>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "engine.hpp"

namespace nb = nanobind;

namespace onelayer {

namespace {

using Input = nb::ndarray<nb::ro, nb::c_contig, nb::device::cpu>;
using Output = nb::ndarray<nb::c_contig, nb::device::cpu>;

template <class T>
const T* pointer(const std::optional<Input>& array) {
    return array ? static_cast<const T*>(array->data()) : nullptr;
}

const Engine& engine_named(const std::string& name) {
    for (const Engine& engine : engines()) {
        if (name == engine.name && engine.runs_here()) {
            return engine;
        }
    }
    throw nb::value_error("no such instruction set here");
}

std::vector<std::string> instruction_sets() {
    std::vector<std::string> names;
    for (const Engine& engine : engines()) {
        if (engine.runs_here()) {
            names.emplace_back(engine.name);
        }
    }
    return names;
}

using Optional = std::optional<Input>;

template <class T>
T* written(const std::optional<Output>& array) {
    return array ? static_cast<T*>(array->data()) : nullptr;
}

// Rows as they come from Python: (data, positions, mirrored, width, channels).
using RowsArgument = std::tuple<Input, Optional, Optional, std::int64_t, std::int64_t>;
// (labels, probabilities, smoothing)
using TargetsArgument = std::tuple<Optional, Optional, double>;
// (shift, scale)
using ScalingArgument = std::tuple<Input, Input>;

bool is_single(const nb::dlpack::dtype& dtype) {
    return dtype == nb::dtype<float>();
}

Element element_of(const Input& array) {
    if (array.dtype() == nb::dtype<std::uint8_t>()) {
        return Element::uint8;
    }
    return is_single(array.dtype()) ? Element::float32 : Element::float64;
}

Rows rows_of(const RowsArgument& argument) {
    const auto& [data, positions, mirrored, width, channels] = argument;
    Rows rows;
    rows.data = data.data();
    rows.element = element_of(data);
    rows.positions = pointer<std::int64_t>(positions);
    rows.n = static_cast<std::int64_t>(positions ? positions->shape(0) : data.shape(0));
    rows.d = static_cast<std::int64_t>(data.shape(1));
    rows.mirrored = pointer<std::uint8_t>(mirrored);
    rows.width = width;
    rows.channels = channels;
    return rows;
}

template <class T>
Targets<T> targets_of(const TargetsArgument& argument) {
    const auto& [labels, probabilities, smoothing] = argument;
    return {pointer<std::int64_t>(labels), pointer<T>(probabilities), smoothing};
}

template <class T>
Scaling<T> scaling_of(const ScalingArgument& argument) {
    return {static_cast<const T*>(std::get<0>(argument).data()), static_cast<const T*>(std::get<1>(argument).data())};
}

// Asks Python now and then whether to go on: lets it handle signals, and calls `stopping` if there is one.
class Poller {
  public:
    explicit Poller(nb::handle stopping) : stopping_(stopping) {}

    Poll poll() {
        return {[](void* self) { return static_cast<Poller*>(self)->ask(); }, this};
    }

    // Raises what a signal handler or `stopping` raised while the job ran.
    void rethrow() const {
        if (failure_) {
            std::rethrow_exception(failure_);
        }
    }

  private:
    using Clock = std::chrono::steady_clock;
    static constexpr std::chrono::milliseconds interval{50};

    bool ask() {
        const auto now = Clock::now();
        if (now < next_) {
            return false;
        }
        const nb::gil_scoped_acquire gil;
        try {
            if (PyErr_CheckSignals() != 0) {
                throw nb::python_error();
            }
            const bool stop = !stopping_.is_none() && nb::cast<bool>(stopping_());
            next_ = Clock::now() + interval;
            return stop;
        } catch (...) {
            failure_ = std::current_exception();
            return true;
        }
    }

    nb::handle stopping_;
    Clock::time_point next_ = Clock::now() + interval;
    std::exception_ptr failure_;
};

struct TrainArguments {
    const std::string& engine;
    const RowsArgument& rows;
    const TargetsArgument& targets;
    const ScalingArgument& scaling;
    const Optional& row_weights;
    int loss;
    const Input& order;
    std::int64_t batch_size;
    const Input& learning_rates;
    const Output& weights;
    const Output& intercepts;
    const std::optional<Output>& weight_velocity;
    const std::optional<Output>& intercept_velocity;
    double momentum, l2;
    bool penalize_bias, fit_intercept;
    const Output& batch_losses;
    int threads;
    nb::handle stopping;
};

template <class T>
std::int64_t train(const TrainArguments& a) {
    TrainJob<T> job;
    job.rows = rows_of(a.rows);
    job.targets = targets_of<T>(a.targets);
    job.scaling = scaling_of<T>(a.scaling);
    job.row_weights = pointer<T>(a.row_weights);
    job.loss = static_cast<Loss>(a.loss);
    job.k = static_cast<std::int64_t>(a.weights.shape(0));
    job.order = static_cast<const std::int64_t*>(a.order.data());
    job.ordered = static_cast<std::int64_t>(a.order.shape(0));
    job.batch_size = a.batch_size;
    job.steps = static_cast<std::int64_t>(a.learning_rates.shape(0));
    job.learning_rates = static_cast<const double*>(a.learning_rates.data());
    job.weights = static_cast<T*>(a.weights.data());
    job.intercepts = static_cast<T*>(a.intercepts.data());
    job.weight_velocity = written<T>(a.weight_velocity);
    job.intercept_velocity = written<T>(a.intercept_velocity);
    job.momentum = a.momentum;
    job.l2 = a.l2;
    job.penalize_bias = a.penalize_bias;
    job.fit_intercept = a.fit_intercept;
    job.batch_losses = static_cast<double*>(a.batch_losses.data());
    job.threads = a.threads;
    const auto& kernels = engine_named(a.engine).kernels<T>();
    Poller poller(a.stopping);
    job.poll = poller.poll();
    std::int64_t steps = 0;
    {
        const nb::gil_scoped_release free;
        const TeamLease team;
        steps = kernels.train(job, *team);
    }
    poller.rethrow();
    return steps;
}

struct PassArguments {
    const std::string& engine;
    const RowsArgument& rows;
    const TargetsArgument& targets;
    const ScalingArgument& scaling;
    const Optional& row_weights;
    int loss;
    const Input& weights;
    const Input& intercepts;
    const Optional& directions;
    const Optional& direction_intercepts;
    const Output& sums;
    const std::optional<Output>& gradient;
    const std::optional<Output>& intercept_gradient;
    int threads;
};

template <class T>
void pass(const PassArguments& a) {
    PassJob<T> job;
    job.rows = rows_of(a.rows);
    job.targets = targets_of<T>(a.targets);
    job.scaling = scaling_of<T>(a.scaling);
    job.row_weights = pointer<T>(a.row_weights);
    job.own_row_weights = a.row_weights && a.row_weights->ndim() == 2;
    job.loss = static_cast<Loss>(a.loss);
    job.m = static_cast<std::int64_t>(a.weights.shape(0));
    job.k = static_cast<std::int64_t>(a.weights.shape(1));
    job.weights = static_cast<const T*>(a.weights.data());
    job.intercepts = static_cast<const T*>(a.intercepts.data());
    job.directions = pointer<T>(a.directions);
    job.direction_intercepts = pointer<T>(a.direction_intercepts);
    job.sums = static_cast<double*>(a.sums.data());
    job.gradient = written<double>(a.gradient);
    job.intercept_gradient = written<double>(a.intercept_gradient);
    job.threads = a.threads;
    const auto& kernels = engine_named(a.engine).kernels<T>();
    const nb::gil_scoped_release free;
    const TeamLease team;
    kernels.pass(job, *team);
}

struct ModelsArguments {
    const std::string& engine;
    const RowsArgument& rows;
    const TargetsArgument& targets;
    const ScalingArgument& scaling;
    const Optional& row_weights;
    int loss;
    const Input& order;
    std::int64_t batch_size;
    const Input& learning_rates;
    const Output& weights;
    const Output& intercepts;
    const std::optional<Output>& weight_velocity;
    const std::optional<Output>& intercept_velocity;
    const Input& momentum;
    const Input& l2;
    bool penalize_bias, fit_intercept;
    const Output& batch_losses;
    int threads;
};

template <class T>
void train_models(const ModelsArguments& a) {
    ModelsJob<T> job;
    job.rows = rows_of(a.rows);
    job.targets = targets_of<T>(a.targets);
    job.scaling = scaling_of<T>(a.scaling);
    job.row_weights = pointer<T>(a.row_weights);
    job.own_row_weights = a.row_weights && a.row_weights->ndim() == 2;
    job.loss = static_cast<Loss>(a.loss);
    job.m = static_cast<std::int64_t>(a.weights.shape(0));
    job.k = static_cast<std::int64_t>(a.weights.shape(1));
    job.order = static_cast<const std::int64_t*>(a.order.data());
    job.ordered = static_cast<std::int64_t>(a.order.shape(0));
    job.batch_size = a.batch_size;
    job.steps = static_cast<std::int64_t>(a.learning_rates.shape(0));
    job.learning_rates = static_cast<const double*>(a.learning_rates.data());
    job.weights = static_cast<T*>(a.weights.data());
    job.intercepts = static_cast<T*>(a.intercepts.data());
    job.weight_velocity = written<T>(a.weight_velocity);
    job.intercept_velocity = written<T>(a.intercept_velocity);
    job.momentum = static_cast<const double*>(a.momentum.data());
    job.l2 = static_cast<const double*>(a.l2.data());
    job.penalize_bias = a.penalize_bias;
    job.fit_intercept = a.fit_intercept;
    job.batch_losses = static_cast<double*>(a.batch_losses.data());
    job.threads = a.threads;
    const auto& kernels = engine_named(a.engine).kernels<T>();
    const nb::gil_scoped_release free;
    const TeamLease team;
    kernels.train_models(job, *team);
}

struct HogArguments {
    const std::string& engine;
    const Input& images;
    const Input& cotangents;
    std::tuple<std::int64_t, std::int64_t> cell, block;
    int norm;
    bool square_root, strongest;
    const Output& features;
    int threads;
};

template <class T>
void hog(const HogArguments& a) {
    HogJob<T> job;
    job.images = a.images.data();
    job.element = element_of(a.images);
    job.n = static_cast<std::int64_t>(a.images.shape(0));
    job.height = static_cast<std::int64_t>(a.images.shape(1));
    job.width = static_cast<std::int64_t>(a.images.shape(2));
    job.channels = static_cast<std::int64_t>(a.images.shape(3));
    job.orientations = static_cast<std::int64_t>(a.cotangents.shape(0)) + 1;
    std::tie(job.cell_height, job.cell_width) = a.cell;
    std::tie(job.block_height, job.block_width) = a.block;
    job.cotangents = static_cast<const T*>(a.cotangents.data());
    job.norm = static_cast<BlockNorm>(a.norm);
    job.square_root = a.square_root;
    job.strongest = a.strongest;
    job.features = static_cast<T*>(a.features.data());
    job.threads = a.threads;
    const auto& kernels = engine_named(a.engine).kernels<T>();
    const nb::gil_scoped_release free;
    const TeamLease team;
    kernels.hog(job, *team);
}

}  // namespace

}  // namespace onelayer

NB_MODULE(_native, module) {
    using namespace onelayer;
    module.def("instruction_sets", &instruction_sets);
    module.def(
        "train",
        [](const std::string& engine, const RowsArgument& rows, const TargetsArgument& targets,
           const ScalingArgument& scaling, const Optional& row_weights, int loss, const Input& order,
           std::int64_t batch_size, const Input& learning_rates, const Output& weights, const Output& intercepts,
           const std::optional<Output>& weight_velocity, const std::optional<Output>& intercept_velocity,
           double momentum, double l2, bool penalize_bias, bool fit_intercept, const Output& batch_losses, int threads,
           nb::handle stopping) {
            const TrainArguments all{engine,
                                     rows,
                                     targets,
                                     scaling,
                                     row_weights,
                                     loss,
                                     order,
                                     batch_size,
                                     learning_rates,
                                     weights,
                                     intercepts,
                                     weight_velocity,
                                     intercept_velocity,
                                     momentum,
                                     l2,
                                     penalize_bias,
                                     fit_intercept,
                                     batch_losses,
                                     threads,
                                     stopping};
            return is_single(weights.dtype()) ? train<float>(all) : train<double>(all);
        },
        nb::arg("engine"), nb::kw_only(), nb::arg("rows"), nb::arg("targets"), nb::arg("scaling"),
        nb::arg("row_weights").none(), nb::arg("loss"), nb::arg("order"), nb::arg("batch_size"),
        nb::arg("learning_rates"), nb::arg("weights"), nb::arg("intercepts"), nb::arg("weight_velocity").none(),
        nb::arg("intercept_velocity").none(), nb::arg("momentum"), nb::arg("l2"), nb::arg("penalize_bias"),
        nb::arg("fit_intercept"), nb::arg("batch_losses"), nb::arg("threads"), nb::arg("stopping").none());
    module.def(
        "pass_over",
        [](const std::string& engine, const RowsArgument& rows, const TargetsArgument& targets,
           const ScalingArgument& scaling, const Optional& row_weights, int loss, const Input& weights,
           const Input& intercepts, const Optional& directions, const Optional& direction_intercepts,
           const Output& sums, const std::optional<Output>& gradient, const std::optional<Output>& intercept_gradient,
           int threads) {
            const PassArguments all{engine,
                                    rows,
                                    targets,
                                    scaling,
                                    row_weights,
                                    loss,
                                    weights,
                                    intercepts,
                                    directions,
                                    direction_intercepts,
                                    sums,
                                    gradient,
                                    intercept_gradient,
                                    threads};
            is_single(weights.dtype()) ? pass<float>(all) : pass<double>(all);
        },
        nb::arg("engine"), nb::kw_only(), nb::arg("rows"), nb::arg("targets"), nb::arg("scaling"),
        nb::arg("row_weights").none(), nb::arg("loss"), nb::arg("weights"), nb::arg("intercepts"),
        nb::arg("directions").none(), nb::arg("direction_intercepts").none(), nb::arg("sums"),
        nb::arg("gradient").none(), nb::arg("intercept_gradient").none(), nb::arg("threads"));
    module.def(
        "train_models",
        [](const std::string& engine, const RowsArgument& rows, const TargetsArgument& targets,
           const ScalingArgument& scaling, const Optional& row_weights, int loss, const Input& order,
           std::int64_t batch_size, const Input& learning_rates, const Output& weights, const Output& intercepts,
           const std::optional<Output>& weight_velocity, const std::optional<Output>& intercept_velocity,
           const Input& momentum, const Input& l2, bool penalize_bias, bool fit_intercept, const Output& batch_losses,
           int threads) {
            const ModelsArguments all{engine,
                                      rows,
                                      targets,
                                      scaling,
                                      row_weights,
                                      loss,
                                      order,
                                      batch_size,
                                      learning_rates,
                                      weights,
                                      intercepts,
                                      weight_velocity,
                                      intercept_velocity,
                                      momentum,
                                      l2,
                                      penalize_bias,
                                      fit_intercept,
                                      batch_losses,
                                      threads};
            is_single(weights.dtype()) ? train_models<float>(all) : train_models<double>(all);
        },
        nb::arg("engine"), nb::kw_only(), nb::arg("rows"), nb::arg("targets"), nb::arg("scaling"),
        nb::arg("row_weights").none(), nb::arg("loss"), nb::arg("order"), nb::arg("batch_size"),
        nb::arg("learning_rates"), nb::arg("weights"), nb::arg("intercepts"), nb::arg("weight_velocity").none(),
        nb::arg("intercept_velocity").none(), nb::arg("momentum"), nb::arg("l2"), nb::arg("penalize_bias"),
        nb::arg("fit_intercept"), nb::arg("batch_losses"), nb::arg("threads"));
    module.def(
        "hog",
        [](const std::string& engine, const Input& images, const Input& cotangents,
           std::tuple<std::int64_t, std::int64_t> cell, std::tuple<std::int64_t, std::int64_t> block, int norm,
           bool square_root, bool strongest, const Output& features, int threads) {
            const HogArguments all{engine, images,      cotangents, cell,     block,
                                   norm,   square_root, strongest,  features, threads};
            is_single(features.dtype()) ? hog<float>(all) : hog<double>(all);
        },
        nb::arg("engine"), nb::kw_only(), nb::arg("images"), nb::arg("cotangents"), nb::arg("cell"), nb::arg("block"),
        nb::arg("norm"), nb::arg("square_root"), nb::arg("strongest"), nb::arg("features"), nb::arg("threads"));
}
