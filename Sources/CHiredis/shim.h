#ifndef EASEL_CHIREDIS_SHIM_H
#define EASEL_CHIREDIS_SHIM_H

#include <stdlib.h>
#include <hiredis/hiredis.h>

// hiredis 1.0 widened the length of an array.
#if HIREDIS_MAJOR >= 1
typedef size_t easel_redis_length;
#else
typedef int easel_redis_length;
#endif

// Elements of one array: more than any answer that is asked for has. hiredis makes room for as many
// as a server says, before one of them is there.
#define EASEL_REDIS_LONGEST_ARRAY 32768

static inline void *easel_redis_create_array(const redisReadTask *task, easel_redis_length count) {
  const redisReplyObjectFunctions *functions = (const redisReplyObjectFunctions *)task->privdata;
  return count > EASEL_REDIS_LONGEST_ARRAY ? NULL : functions->createArray(task, count);
}

// A reader that makes hiredis's own replies, but no long arrays. NULL where memory is out.
static inline redisReader *easel_redis_reader_create(void) {
  redisReader *reader = redisReaderCreate();
  redisReplyObjectFunctions *functions =
      (redisReplyObjectFunctions *)malloc(sizeof(redisReplyObjectFunctions));
  if (reader == NULL || functions == NULL) {
    if (reader != NULL) redisReaderFree(reader);
    free(functions);
    return NULL;
  }
  *functions = *reader->fn;
  functions->createArray = easel_redis_create_array;
  // Every task of the reader gets it.
  reader->privdata = (void *)reader->fn;
  reader->fn = functions;
  return reader;
}

static inline void easel_redis_reader_free(redisReader *reader) {
  redisReplyObjectFunctions *functions = reader->fn;
  redisReaderFree(reader);
  free(functions);
}

#endif
