"""A convolution or one grid of its gradient, as the loop nests of *_lanes.pxd see it."""
from .band cimport Axis, Band
from .border cimport Border
from .panel cimport Panels
from .simd cimport real
from .workspace cimport Workspace


cdef enum Lanes:                # what lies side by side in a vector
    PIXELS
    CHANNELS                    # of the output
    IMAGES


cdef struct Correlation:
    Py_ssize_t N, groups
    const real* src             # (N, groups*channels, H, W)
    Py_ssize_t channels
    real* dst                   # (N, groups*rows, dst_H, dst_W)
    Py_ssize_t rows, dst_H, dst_W
    Py_ssize_t first_row, first_column, row_step, column_step       # where the grid lies in dst
    Axis row, column            # the grid, and how its taps see src
    const real* bias
    const real* weight
    Py_ssize_t row_stride, channel_stride, group_stride, kernel_width       # of the weight, in reals
    Py_ssize_t depth, row_blocks
    Lanes lanes
    bint straight               # with pixels in lanes: sums go from registers to dst
    Panels panels               # of output channels
    Py_ssize_t panel_items      # parts into which they are dealt
    Border whole, border        # all taps everywhere; each where it meets the source
    bint finite                 # all weights
    Py_ssize_t* tables          # for each thread: where the positions of an item are in the window and in the sums; or,
    Py_ssize_t table_size       # with images in lanes, where their pixels go
    real* packed                # weights: groups x row blocks x depth x TILE_ROWS, or groups x panels x depth x width
    Band band
    Py_ssize_t* offsets
    real* scratch
    Py_ssize_t scratch_size     # reals per thread
    Workspace space             # in which all but `offsets` are
