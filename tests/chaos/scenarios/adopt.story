An instance that nobody declared is taken over while its guest runs, and then stopped by its owner.

> until backend ganeti-1 Ready
  says   ganeti-1: Ready=False Synchronising: The inventory is being read.
  event  ganeti-1: Normal Synchronising: The inventory is being read.
  says   ganeti-1: Ready=True Ready: The cluster answers and its machines are managed.
  event  ganeti-1: Normal Ready: The cluster answers and its machines are managed.

> ganeti adds old.example.com memory=128

> apply vm web backendName=ganeti-1 adopt=old.example.com
  plan   web: stays at Synchronising: Whether the instance exists is being checked.

> until vm web Ready powerState=Running
  step   web: place on ganeti-1
  says   web: Ready=False InstanceNotFound: The instance that is to be looked at or taken over is not on the backend: correct spec.adopt; the machine goes on when it appears.
  says   web: Placed=True BackendChosen
  says   web: InSync=Unknown Creating
  says   web: powerState Pending
  event  web: Warning InstanceNotFound: The instance that is to be looked at or taken over is not on the backend: correct spec.adopt; the machine goes on when it appears.
  step   adopt: job TAGS_SET
  event  web: Normal Adopting: Job 2 on ganeti-1 is to put our tags on instance old.example.com.
  ended  job TAGS_SET: success
  says   web: Ready=True Ready: The machine runs as declared.
  says   web: InSync=True InSync
  says   web: powerState Running
  event  web: Normal Running: The machine runs as declared.

> set vm web powerState=Stopped
  plan   web: submit a job: stop instance old.example.com; its guest has 120 s to shut down, then it is stopped by force, since spec.powerState is Stopped, and Running is what was brought about last
  plan   web: in the end Ready: The machine is stopped as declared.

> until vm web Ready powerState=Stopped
  step   stop: job INSTANCE_SHUTDOWN(old.example.com)
  event  web: Normal Stopping: Job 3 on ganeti-1 is to shut down instance old.example.com.
  ended  job INSTANCE_SHUTDOWN(old.example.com): success
  says   web: Ready=True Ready: The machine is stopped as declared.
  says   web: powerState Stopped
  event  web: Normal Stopped: The machine is stopped as declared.
