// Blocks of cells, each normalised. The cells of a block that lie side by side are a run, and are kept as whole
// vectors, filled up with zeros.
#pragma once

#include <cmath>

#include "elementary.hpp"
#include "tiling.hpp"

namespace onelayer::ONELAYER_ISA {

template <class T>
class HogBlocks {
  public:
    HogBlocks(Arena& arena, const HogJob<T>& job)
        : job_(job),
          cell_columns_(job.width / job.cell_width),
          columns_(cell_columns_ - job.block_width + 1),
          blocks_((job.height / job.cell_height - job.block_height + 1) * columns_),
          epsilon_(epsilon * votes_of_a_mean(job)),
          run_(job.block_width * job.orientations),
          vectors_(ceil_div(run_, lanes<T>)),
          values_(arena.take<Vec<T>>(blocks_ * job.block_height * vectors_)),
          sums_(arena.take<T>(ceil_div(blocks_, lanes<T>) * lanes<T>)) {}

    // How many features an image has.
    Index count() const { return blocks_ * job_.block_height * run_; }

    // From the sums of cells (cell row, cell column, orientation).
    void normalise(const T* cells, T* features) {
        const auto itself = [](Vec<T> v) { return v; };
        const auto square = [](Vec<T> v) { return v * v; };
        const auto root = [](Vec<T> v) { return square_root<T>(v); };
        const auto clipped = [](Vec<T> v) { return smaller(v, broadcast(clip)); };
        switch (job_.norm) {
            case BlockNorm::l1:
                gather(cells, itself);
                invert([e = epsilon_](Vec<T> sum) { return T(1) / (sum + e); });
                return scatter(features, itself);
            case BlockNorm::l1_sqrt:
                gather(cells, itself);
                invert([e = epsilon_](Vec<T> sum) { return T(1) / (sum + e); });
                return scatter(features, root);
            case BlockNorm::l2:
                gather(cells, square);
                invert([e = epsilon_](Vec<T> sum) { return inverse_square_root<T>(sum + e * e); });
                return scatter(features, itself);
            case BlockNorm::l2_hys:
                gather(cells, square);
                invert([e = epsilon_](Vec<T> sum) { return inverse_square_root<T>(sum + e * e); });
                change(clipped, square);
                invert([](Vec<T> sum) { return inverse_square_root<T>(sum + epsilon * epsilon); });
                return scatter(features, itself);
        }
    }

  private:
    static constexpr T epsilon = T(1e-5), clip = T(0.2);

    // A feature is the mean vote of a cell, normalised. Instead of means, sums are normalised, with an epsilon that is
    // larger by the same factor: the features are the same.
    static T votes_of_a_mean(const HogJob<T>& job) {
        const T divisor = job.strongest ? T(1) : static_cast<T>(job.channels);
        return static_cast<T>(job.cell_height * job.cell_width) * (job.square_root ? std::sqrt(divisor) : divisor);
    }

    // Calls body(vector, count, run, at) for each vector of a block: it holds `count` numbers, from number `at` of run
    // number `run` on.
    template <class Body>
    ONELAYER_INLINE void each_vector(Index block, Body&& body) {
        Vec<T>* vector = values_ + block * job_.block_height * vectors_;
        const Index last = (vectors_ - 1) * lanes<T>;
        for (Index run = 0; run < job_.block_height; ++run) {
            for (Index at = 0; at < last; at += lanes<T>) {
                body(*vector++, lanes<T>, run, at);
            }
            body(*vector++, run_ - last, run, last);
        }
    }

    // Copies the cells of each block, and sums up `term` of them.
    template <class Term>
    void gather(const T* cells, Term term) {
        const Index line = cell_columns_ * job_.orientations;
        for (Index block = 0, x = 0; block < blocks_; ++block) {
            Vec<T> total = {};
            each_vector(block, [&](Vec<T>& vector, Index count, Index run, Index at) {
                vector = load_some(cells + run * line + at, count);
                total += term(vector);
            });
            sums_[block] = sum_of_lanes<T>(total);
            x = x + 1 == columns_ ? 0 : x + 1;
            cells += x == 0 ? (cell_columns_ - columns_ + 1) * job_.orientations : job_.orientations;
        }
    }

    // Turns each block's sum into the factor by which the block is multiplied, for all blocks at once: one by one, the
    // processor would wait for each root and quotient.
    template <class Factor>
    void invert(Factor factor) {
        for (Index block = 0; block < blocks_; block += lanes<T>) {
            store(sums_ + block, factor(load<T>(sums_ + block)));
        }
    }

    // Multiplies each block by its factor, applies `change`, and sums up again.
    template <class Change, class Term>
    void change(Change change, Term term) {
        for (Index block = 0; block < blocks_; ++block) {
            const Vec<T> factor = broadcast(sums_[block]);
            Vec<T> total = {};
            each_vector(block, [&](Vec<T>& vector, Index, Index, Index) {
                vector = change(vector * factor);
                total += term(vector);
            });
            sums_[block] = sum_of_lanes<T>(total);
        }
    }

    // Multiplies each block by its factor, applies `change`, and writes the features.
    template <class Change>
    void scatter(T* features, Change change) {
        for (Index block = 0; block < blocks_; ++block) {
            const Vec<T> factor = broadcast(sums_[block]);
            each_vector(block, [&](Vec<T>& vector, Index count, Index, Index) {
                store_some(features, change(vector * factor), count);
                features += count;
            });
        }
    }

    const HogJob<T>& job_;
    Index cell_columns_, columns_, blocks_;
    T epsilon_;
    Index run_, vectors_;  // numbers in a run, vectors in a run
    Vec<T>* values_;
    T* sums_;
};

}  // namespace onelayer::ONELAYER_ISA
