# cmake -DNAME=mnist -DTO=FOLDER -P data.cmake: downloads a data set into a folder. The checksums are those that torchvision
# has; https://ossci-datasets.s3.amazonaws.com/mnist is its mirror as well.
if(NAME STREQUAL "mnist")
  set(MIRRORS https://ossci-datasets.s3.amazonaws.com/mnist https://storage.googleapis.com/cvdf-datasets/mnist)
  set(sums f68b3c2dcbeaaa9fbdd348bbdeb94873 d53e105ee54ea40749a09fcbcd1e9432
           9fb629c4189551a2d022fa330f9573f3 ec29112dd5afa0611ce80d1b7f02629c)
elseif(NAME STREQUAL "kmnist")
  set(MIRRORS http://codh.rois.ac.jp/kmnist/dataset/kmnist)
  set(sums bdb82020997e1d708af4cf47b453dcf7 e144d726b3acfaa3e44228e80efcd344
           5c965bf0a639b31b8f53240b1b52f4d7 7320c461ea6c1c855c0b718fb2a4b134)
elseif(NAME STREQUAL "fashion-mnist")
  set(MIRRORS http://fashion-mnist.s3-website.eu-central-1.amazonaws.com)
  set(sums 8d4fb7e6c68d591d4c3dfef9ec88bf0d 25c81989df183df01b3e8a0aad5dffbe
           bef4ecab320f06d8554ea6380940ec79 bb300cfdad3c16e7a12a480ee83cd310)
else()
  message(FATAL_ERROR "data sets to be downloaded are mnist, kmnist and fashion-mnist, not '${NAME}'")
endif()
set(FILES "")
set(names train-images-idx3-ubyte.gz train-labels-idx1-ubyte.gz t10k-images-idx3-ubyte.gz t10k-labels-idx1-ubyte.gz)
foreach(pair IN ZIP_LISTS names sums)
  list(APPEND FILES ${pair_0}:${pair_1})
endforeach()
include(${CMAKE_CURRENT_LIST_DIR}/fetch.cmake)
