// The batches of a training, cut into tiles of rows.
#pragma once

#include "tiling.hpp"

namespace onelayer::ONELAYER_ISA {

// A tile of one step's batch, as places in the order.
struct BatchTile {
    Index step = 0, first = 0, count = 0;
    bool opens = false, closes = false;  // the step
    bool ends_epoch = false;
};

// Goes through the tiles of all steps in order. An epoch's last batch may have fewer rows than the others.
template <class T>
class BatchTiles {
  public:
    BatchTiles(const TrainJob<T>& job, Index tile_rows) : job_(job), tile_rows_(tile_rows) {}

    // The next tile, with no rows after the last.
    BatchTile next() {
        if (step_ == job_.steps) {
            return {};
        }
        const Index rows = std::min(job_.batch_size, left_in_epoch_), tiles = ceil_div(rows, tile_rows_);
        const Index first = rows * tile_ / tiles, last = rows * (tile_ + 1) / tiles;
        const bool closes = tile_ == tiles - 1;
        const BatchTile tile{step_,  begin_ + first, last - first, tile_ == 0,
                             closes, closes && rows == left_in_epoch_};
        ++tile_;
        if (tile.closes) {
            next_step(rows);
        }
        return tile;
    }

  private:
    void next_step(Index rows) {
        ++step_;
        tile_ = 0;
        begin_ += rows;
        left_in_epoch_ -= rows;
        if (left_in_epoch_ == 0) {
            left_in_epoch_ = job_.rows_per_epoch;
        }
    }

    const TrainJob<T>& job_;
    Index tile_rows_, begin_ = 0, left_in_epoch_ = job_.rows_per_epoch, step_ = 0, tile_ = 0;
};

}  // namespace onelayer::ONELAYER_ISA
