The password in the Secret is mistyped: the backend says so, and goes on when it is corrected.

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

> password wrong
  plan   web: in the end Ready: The machine runs as declared.

> until backend ganeti-1 reason=CredentialsRefused
  says   ganeti-1: Ready=False CredentialsRefused: RAPI refused the user name or password: correct the Secret, or /var/lib/ganeti/rapi/users on the master.
  event  ganeti-1: Warning CredentialsRefused: RAPI refused the user name or password: correct the Secret, or /var/lib/ganeti/rapi/users on the master.

> set vm web powerState=Stopped
  plan   web: stays at BackendNotReady: GanetiBackend ganeti-1 is not ready: RAPI refused the user name or password: correct the Secret, or /var/lib/ganeti/rapi/users on the master.

> password right

> until vm web Ready powerState=Stopped
  says   web: Ready=False BackendNotReady: GanetiBackend ganeti-1 is not ready: RAPI refused the user name or password: correct the Secret, or /var/lib/ganeti/rapi/users on the master.
  event  web: Warning BackendNotReady: GanetiBackend ganeti-1 is not ready: RAPI refused the user name or password: correct the Secret, or /var/lib/ganeti/rapi/users on the master.
  says   ganeti-1: Ready=True Ready: The cluster answers and its machines are managed.
  step   stop: job INSTANCE_SHUTDOWN(cyclades-web)
  event  web: Normal Stopping: Job 3 on ganeti-1 is to shut down instance cyclades-web.
  event  ganeti-1: Normal Ready: The cluster answers and its machines are managed.
  ended  job INSTANCE_SHUTDOWN(cyclades-web): success
  says   web: Ready=True Ready: The machine is stopped as declared.
  says   web: powerState Stopped
  event  web: Normal Stopped: The machine is stopped as declared.
