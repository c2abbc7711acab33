// Blocks of cells, each normalised. A block is worked on as rows of whole vectors, filled up with zeros.
#pragma once

#include <cmath>

#include "tiling.hpp"

namespace onelayer::ONELAYER_ISA {

template <class T>
class HogBlocks {
  public:
    HogBlocks(Arena& arena, const HogJob<T>& job)
        : job_(job),
          cell_columns_(job.width / job.cell_width),
          rows_(job.height / job.cell_height - job.block_height + 1),
          columns_(cell_columns_ - job.block_width + 1),
          epsilon_(epsilon * votes_of_a_mean(job)),
          run_(job.block_width * job.orientations),
          vectors_(ceil_div(run_, lanes<T>)),
          block_(arena.take<Vec<T>>(job.block_height * vectors_)),
          features_(arena.take<T>(count() + lanes<T>)) {}

    // Features of an image.
    Index count() const { return rows_ * columns_ * job_.block_height * run_; }

    // From cells (cell row, cell column, orientation), behind which there is room for a vector.
    void normalise(const T* cells, T* features) {
        T* out = features_;
        for (Index y = 0; y < rows_; ++y) {
            for (Index x = 0; x < columns_; ++x, out += job_.block_height * run_) {
                gather(cells + (y * cell_columns_ + x) * job_.orientations);
                normalise_block();
                scatter(out);
            }
        }
        std::copy_n(features_, count(), features);
    }

  private:
    static constexpr T epsilon = T(1e-5), clip = T(0.2);

    // A feature is the mean vote of a cell, normalised. Means need not be computed: of sums, normalised with an epsilon
    // larger by as much, the features are the same.
    static T votes_of_a_mean(const HogJob<T>& job) {
        const T divisor = job.strongest ? T(1) : static_cast<T>(job.channels);
        return static_cast<T>(job.cell_height * job.cell_width) * (job.square_root ? std::sqrt(divisor) : divisor);
    }

    void gather(const T* cells) {
        for (Index row = 0; row < job_.block_height; ++row, cells += cell_columns_ * job_.orientations) {
            Vec<T>* to = block_ + row * vectors_;
            for (Index v = 0; v < vectors_; ++v) {
                to[v] = load<T>(cells + v * lanes<T>);
            }
            to[vectors_ - 1] = first_lanes<T>(to[vectors_ - 1], run_ - (vectors_ - 1) * lanes<T>);
        }
    }

    // Whole vectors reach beyond a row's end; what comes next overwrites that.
    void scatter(T* out) const {
        for (Index row = 0; row < job_.block_height; ++row, out += run_) {
            for (Index v = 0; v < vectors_; ++v) {
                store(out + v * lanes<T>, block_[row * vectors_ + v]);
            }
        }
    }

    void normalise_block() {
        switch (job_.norm) {
            case BlockNorm::l1:
                return each([factor = inverse_l1()](Vec<T> v) { return v * factor; });
            case BlockNorm::l1_sqrt:
                return each([factor = inverse_l1()](Vec<T> v) { return square_root<T>(v * factor); });
            case BlockNorm::l2:
                return each([factor = inverse_l2(epsilon_)](Vec<T> v) { return v * factor; });
            case BlockNorm::l2_hys:
                each([factor = inverse_l2(epsilon_)](Vec<T> v) { return smaller(v * factor, broadcast(clip)); });
                return each([factor = inverse_l2(epsilon)](Vec<T> v) { return v * factor; });
        }
    }

    template <class Change>
    ONELAYER_INLINE void each(Change change) {
        const Index vectors = job_.block_height * vectors_;
        for (Index i = 0; i < vectors; ++i) {
            block_[i] = change(block_[i]);
        }
    }

    T inverse_l1() const {
        return T(1) / (sum([](Vec<T> v) { return v; }) + epsilon_);
    }

    T inverse_l2(T e) const {
        return T(1) / std::sqrt(sum([](Vec<T> v) { return v * v; }) + e * e);
    }

    template <class Term>
    ONELAYER_INLINE T sum(Term term) const {
        const Index vectors = job_.block_height * vectors_;
        Vec<T> total = {};
        for (Index i = 0; i < vectors; ++i) {
            total += term(block_[i]);
        }
        return sum_of_lanes<T>(total);
    }

    const HogJob<T>& job_;
    Index cell_columns_, rows_, columns_;
    T epsilon_;
    Index run_, vectors_;  // a run: the cells of a block that lie side by side
    Vec<T>* block_;
    T* features_;
};

}  // namespace onelayer::ONELAYER_ISA
