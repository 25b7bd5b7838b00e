/**
 * The tests of Celery's that do not pass with a worker of this package, each with the reason. One that passes after
 * all is told of, so that it is taken off the list.
 */
export const exceptions: { test: RegExp; reason: string }[] = [
  {
    test: /test_inspect.*::test_stats$/,
    reason: "expects the test's own process id: there the worker is a thread of the test",
  },
  {
    test: /\b(test_hello_stamps_received_revoked_ids_locally|test_revoked_by_headers_\w+)$/,
    reason: "looks into or clears the memory of the test's own process for a worker that is a thread of it",
  },
  {
    test: /\btest_(send_task_without_ignore_result_\w+|retry_preserves_ignore_result_\w+)$/,
    reason: "looks into the memory of the test's own process for a worker that is a thread of it",
  },
  {
    test: /\b(test_trace_log_arguments::test_task_\w+|test_signal_bound_method_receivers::test_\w+|test_replaced_task_nesting_(level|chain)\w*|test_task_received_has_access_to_stamps|test_\w*linking_stamped_sig)$/,
    reason: "listens to log lines or signals of a worker in the test's own process",
  },
  {
    test: /\btest_(group_results_reach_the_next_group\[.*-1\]|pending_chord_keeps_header_errback\[.*-1\])$/,
    reason: 'sends messages of protocol version 1, which are refused: they end as dead letters',
  },
  {
    test: /\btest_properties$/,
    reason: "expects AMQP's app_id, which this package does not carry",
  },
  {
    test: /\btest_replace_chain_with_empty_chain$/,
    reason:
      "expects Python's ImproperlyConfigured for an empty chain; here it is a CeleryError of code BAD_OPTION",
  },
  {
    test: /\btest_chord_on_error$/,
    reason: 'expects the parts of a failed chord to stay in Redis until they expire; they are removed',
  },
  {
    test: /\btest_nested_chord_header_link_error$/,
    reason:
      'expects one call of the errback: here the outer chord, which waits for ever in Celery, fails as well',
  },
  {
    test: /\btest_error_propagates_from_chord$/,
    reason: 'is expected to fail, and passes',
  },
  {
    test: /\btest_enabling_flag_allow_error_cb_on_chord_header$/,
    reason:
      "passes or not by timing: Python's get() raises a header's own error only if that failed before the call",
  },
]
