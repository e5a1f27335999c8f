A cluster is gone for good: its backend is forgotten, and its machines may go without it.

> apply vm web
  plan   web: stays at NoBackendFits: No backend fits: ganeti-1: is not ready (Synchronising).

> until vm web Ready
  says   ganeti-1: Ready=False Synchronising: The inventory is being read.
  event  ganeti-1: Normal Synchronising: The inventory is being read.
  says   ganeti-1: Ready=True Ready: The cluster answers and its machines are managed.
  step   web: place on ganeti-1
  step   create: job INSTANCE_CREATE(cyclades-web)
  event  ganeti-1: Normal Ready: The cluster answers and its machines are managed.
  event  web: Normal Scheduled: Placed on ganeti-1.
  event  web: Normal Creating: Job 2 on ganeti-1 is to create instance cyclades-web.
  ended  job INSTANCE_CREATE(cyclades-web): success
  says   web: Ready=False Creating: The instance is being created (job 2).
  says   web: Placed=True BackendChosen
  says   web: InSync=Unknown Creating
  says   web: powerState Pending
  says   web: Ready=True Ready: The machine runs as declared.
  says   web: InSync=True InSync
  says   web: powerState Running
  event  web: Normal Running: The machine runs as declared.

> backend down
  plan   web: in the end Ready: The machine runs as declared.

> until backend ganeti-1 reason=Unreachable
  says   ganeti-1: Ready=False Unreachable: No endpoint answers: https://ganeti-1.test:5080: cannot connect: connection refused.
  event  ganeti-1: Warning Unreachable: No endpoint answers: https://ganeti-1.test:5080: cannot connect: connection refused.

> annotate backend ganeti-1 forget=true
  plan   web: stays at BackendNotReady: GanetiBackend ganeti-1 is not ready: No endpoint answers: https://ganeti-1.test:5080: cannot connect: connection refused.

> until vm web reason=BackendForgotten
  says   web: Ready=False BackendForgotten: The cluster of GanetiBackend ganeti-1 is gone for good, and this machine with it: delete this object.
  says   ganeti-1: Ready=False BackendForgotten: The annotation cyclades.io/forget says that the cluster is gone for good: no request is sent to it, and its machines may be deleted.
  event  web: Warning BackendForgotten: The cluster of GanetiBackend ganeti-1 is gone for good, and this machine with it: delete this object.
  event  ganeti-1: Warning BackendForgotten: The annotation cyclades.io/forget says that the cluster is gone for good: no request is sent to it, and its machines may be deleted.

> delete vm web
  plan   web: stays at BackendNotReady: GanetiBackend ganeti-1 is not ready: The annotation cyclades.io/forget says that the cluster is gone for good: no request is sent to it, and its machines may be deleted.

> until vm web gone
  gone   web
