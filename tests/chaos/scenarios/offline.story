A cluster is taken offline: nothing is sent to it, its machines wait; afterwards all goes on.

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

> set backend ganeti-1 offline=true
  plan   web: stays at BackendOffline: GanetiBackend ganeti-1 is not ready: spec.offline of the backend is true: no request is sent to the cluster.

> until backend ganeti-1 reason=BackendOffline
  says   ganeti-1: Ready=False BackendOffline: spec.offline is true: no request is sent to the cluster. Set it to false to go on.
  event  ganeti-1: Normal BackendOffline: spec.offline is true: no request is sent to the cluster. Set it to false to go on.

> set vm web powerState=Stopped

> apply vm db
  plan   db: stays at NoBackendFits: No backend fits: ganeti-1: is offline.

> until vm web reason=BackendOffline
  says   web: Ready=False BackendOffline: GanetiBackend ganeti-1 is not ready: spec.offline is true: no request is sent to the cluster. Set it to false to go on.
  says   db: Ready=False NoBackendFits: No backend fits: ganeti-1: is offline.
  says   db: Placed=False NoBackendFits
  says   db: InSync=Unknown Creating
  says   db: powerState Pending
  event  db: Warning NoBackendFits: No backend fits: ganeti-1: is offline.
  event  web: Warning BackendOffline: GanetiBackend ganeti-1 is not ready: spec.offline is true: no request is sent to the cluster. Set it to false to go on.

> until vm db reason=NoBackendFits

> set backend ganeti-1 offline=false
  plan   db: stays at NoBackendFits: No backend fits: ganeti-1: is not ready (BackendOffline).
  plan   web: stays at BackendOffline: GanetiBackend ganeti-1 is not ready: spec.offline is true: no request is sent to the cluster. Set it to false to go on.

> until vm web Ready powerState=Stopped
  says   ganeti-1: Ready=False Synchronising: The inventory is being read.
  event  ganeti-1: Normal Synchronising: The inventory is being read.
  step   db: place on ganeti-1
  says   ganeti-1: Ready=True Ready: The cluster answers and its machines are managed.
  step   stop: job INSTANCE_SHUTDOWN(cyclades-web)
  step   create: job INSTANCE_CREATE(cyclades-db)
  event  web: Normal Stopping: Job 3 on ganeti-1 is to shut down instance cyclades-web.
  event  ganeti-1: Normal Ready: The cluster answers and its machines are managed.
  event  db: Normal Scheduled: Placed on ganeti-1.
  event  db: Normal Creating: Job 4 on ganeti-1 is to create instance cyclades-db.
  ended  job INSTANCE_SHUTDOWN(cyclades-web): success
  ended  job INSTANCE_CREATE(cyclades-db): success
  says   web: Ready=True Ready: The machine is stopped as declared.
  says   web: powerState Stopped
  says   db: Ready=True Ready: The machine runs as declared.
  says   db: Placed=True BackendChosen
  says   db: InSync=True InSync
  says   db: powerState Running
  event  web: Normal Stopped: The machine is stopped as declared.
  event  db: Normal Running: The machine runs as declared.

> until vm db Ready
