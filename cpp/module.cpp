// The Python module: fills each job from the arguments that Python passes, and runs it by the kernels of one
// instruction set.
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <chrono>
#include <exception>
#include <string>
#include <utility>
#include <vector>

#include "arguments.hpp"
#include "engine.hpp"
#include "shuffle.hpp"

namespace nb = nanobind;

namespace onelayer {

namespace {

// Asks Python now and then whether a job is to go on: lets it handle signals, and calls `stopping` if there is one.
class Poller {
  public:
    explicit Poller(nanobind::handle stopping) : stopping_(stopping) {}

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
        const nanobind::gil_scoped_acquire gil;
        try {
            if (PyErr_CheckSignals() != 0) {
                throw nanobind::python_error();
            }
            const bool stop = !stopping_.is_none() && nanobind::cast<bool>(stopping_());
            next_ = Clock::now() + interval;
            return stop;
        } catch (...) {
            failure_ = std::current_exception();
            return true;
        }
    }

    nanobind::handle stopping_;
    Clock::time_point next_ = Clock::now() + interval;
    std::exception_ptr failure_;
};

std::vector<std::string> instruction_sets() {
    std::vector<std::string> names;
    for (const Engine& engine : engines()) {
        if (engine.runs_here()) {
            names.emplace_back(engine.name);
        }
    }
    return names;
}

// For each loss that the engine knows: whether it takes probabilities as targets, and whether it has a curvature.
nb::dict losses() {
    nb::dict found;
    for (const LossEntry& entry : known_losses) {
        found[entry.name] = nb::make_tuple(entry.takes_probabilities, entry.has_curvature);
    }
    return found;
}

std::vector<std::string> block_norms() {
    std::vector<std::string> names;
    for (const BlockNormEntry& entry : known_block_norms) {
        names.emplace_back(entry.name);
    }
    return names;
}

template <class T>
const Kernels<T>& kernels_of(const Arguments& given) {
    const auto name = given.value<std::string>("engine");
    for (const Engine& engine : engines()) {
        if (name == engine.name && engine.runs_here()) {
            return engine.kernels<T>();
        }
    }
    throw nb::value_error("no such instruction set here");
}

// What passes and trainings have in common.
template <class T, class Job>
void fill_job(Job& job, const Arguments& given) {
    job.rows = given.rows();
    job.targets = given.targets<T>();
    job.scaling = given.scaling<T>();
    job.row_weights = given.input<T>("row_weights");
    job.loss = given.entry("loss", known_losses).loss;
    job.threads = given.value<int>("threads");
}

// What trainings of one model and of m have in common.
template <class T, class Job>
void fill_training(Job& job, const Arguments& given) {
    fill_job<T>(job, given);
    job.order = given.input<std::int64_t>("order");
    job.ordered = given.length("order");
    job.batch_size = given.value<std::int64_t>("batch_size");
    job.steps = given.length("learning_rates");
    job.learning_rates = given.input<double>("learning_rates");
    job.weights = given.output<T>("weights");
    job.intercepts = given.output<T>("intercepts");
    job.weight_velocity = given.output<T>("weight_velocity");
    job.intercept_velocity = given.output<T>("intercept_velocity");
    job.penalize_bias = given.value<bool>("penalize_bias");
    job.fit_intercept = given.value<bool>("fit_intercept");
    job.batch_losses = given.output<double>("batch_losses");
}

template <class Job>
void fill_models(Job& job, const Arguments& given) {
    job.m = given.length("weights", 0);
    job.k = given.length("weights", 1);
    job.own_row_weights = given.is_matrix("row_weights");
}

template <class T>
std::int64_t train(const Arguments& given) {
    TrainJob<T> job;
    fill_training<T>(job, given);
    job.k = given.length("weights");
    job.rows_per_epoch = given.value<std::int64_t>("rows_per_epoch");
    job.momentum = given.value<double>("momentum");
    job.l2 = given.value<double>("l2");
    const Kernels<T>& kernels = kernels_of<T>(given);
    const nb::object stopping = given.object("stopping");
    Poller poller(stopping);
    job.poll = poller.poll();
    std::int64_t steps = 0;
    {
        const nb::gil_scoped_release free;
        const PoolLease pool;
        steps = kernels.train(job, *pool);
    }
    poller.rethrow();
    return steps;
}

template <class T>
void pass_over(const Arguments& given) {
    PassJob<T> job;
    fill_job<T>(job, given);
    fill_models(job, given);
    job.weights = given.input<T>("weights");
    job.intercepts = given.input<T>("intercepts");
    job.directions = given.input<T>("directions");
    job.direction_intercepts = given.input<T>("direction_intercepts");
    job.sums = given.output<double>("sums");
    job.gradient = given.output<double>("gradient");
    job.intercept_gradient = given.output<double>("intercept_gradient");
    const Kernels<T>& kernels = kernels_of<T>(given);
    const nb::gil_scoped_release free;
    const PoolLease pool;
    kernels.pass(job, *pool);
}

template <class T>
void train_models(const Arguments& given) {
    ModelsJob<T> job;
    fill_training<T>(job, given);
    fill_models(job, given);
    job.momentum = given.input<double>("momentum");
    job.l2 = given.input<double>("l2");
    const Kernels<T>& kernels = kernels_of<T>(given);
    const nb::gil_scoped_release free;
    const PoolLease pool;
    kernels.train_models(job, *pool);
}

template <class T>
void hog(const Arguments& given) {
    using Sizes = std::tuple<std::int64_t, std::int64_t>;
    HogJob<T> job;
    job.images = given.input<void>("images");
    job.element = given.element("images");
    job.n = given.length("images", 0);
    job.height = given.length("images", 1);
    job.width = given.length("images", 2);
    job.channels = given.length("images", 3);
    job.orientations = given.length("cotangents") + 1;
    std::tie(job.cell_height, job.cell_width) = given.value<Sizes>("cell");
    std::tie(job.block_height, job.block_width) = given.value<Sizes>("block");
    job.cotangents = given.input<T>("cotangents");
    job.norm = given.entry("norm", known_block_norms).norm;
    job.square_root = given.value<bool>("square_root");
    job.strongest = given.value<bool>("strongest");
    job.features = given.output<T>("features");
    job.threads = given.value<int>("threads");
    const Kernels<T>& kernels = kernels_of<T>(given);
    const nb::gil_scoped_release free;
    const PoolLease pool;
    kernels.hog(job, *pool);
}

void permute(const Arguments& given) {
    auto* const words = given.output<std::uint64_t>("generator");
    auto* const order = given.output<std::int64_t>("order");
    const std::int64_t n = given.length("order");
    const nb::gil_scoped_release free;
    Pcg64 generator(words);
    shuffle(generator, order, n);
    generator.save(words);
}

}  // namespace

}  // namespace onelayer

NB_MODULE(_native, module) {
    using namespace onelayer;
    const auto computes_in_float32 = [](const Arguments& given, const char* name) {
        return given.element(name) == Element::float32;
    };
    module.def("instruction_sets", &instruction_sets);
    module.def("losses", &losses);
    module.def("block_norms", &block_norms);
    module.def("train", [=](nb::kwargs arguments) {
        const Arguments given(std::move(arguments));
        return computes_in_float32(given, "weights") ? train<float>(given) : train<double>(given);
    });
    module.def("pass_over", [=](nb::kwargs arguments) {
        const Arguments given(std::move(arguments));
        computes_in_float32(given, "weights") ? pass_over<float>(given) : pass_over<double>(given);
    });
    module.def("train_models", [=](nb::kwargs arguments) {
        const Arguments given(std::move(arguments));
        computes_in_float32(given, "weights") ? train_models<float>(given) : train_models<double>(given);
    });
    module.def("hog", [=](nb::kwargs arguments) {
        const Arguments given(std::move(arguments));
        computes_in_float32(given, "features") ? hog<float>(given) : hog<double>(given);
    });
    module.def("permute", [](nb::kwargs arguments) { permute(Arguments(std::move(arguments))); });
}
