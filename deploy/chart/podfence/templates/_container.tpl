{{/*
What all containers have alike: the image, the node's name, and no privilege but those that are named.
Takes `root`, the chart's context, and `add`, a list of capabilities.
*/}}
{{- define "podfence.container" -}}
image: {{ include "podfence.image" .root }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
env:
  - name: NODE_NAME
    valueFrom: {fieldRef: {fieldPath: spec.nodeName}}
securityContext:
  runAsUser: 0 # other users would lose the capabilities
  privileged: false
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL], add: [{{ join ", " .add }}]}
resources:
  {{- toYaml .root.Values.resources | nindent 2 }}
{{- end -}}

{{/* That of the agent: NET_ADMIN for rules and connections, NET_BROADCAST to hear of addresses in the pods' namespaces. */}}
{{- define "podfence.agent" -}}
{{ include "podfence.container" (dict "root" . "add" (list "NET_ADMIN" "NET_BROADCAST")) }}
volumeMounts:
  - {name: config, mountPath: /etc/podfence, readOnly: true}
  - {name: run, mountPath: /run/podfence}
  {{- with include "podfence.flowLog" . }}
  - {name: flows, mountPath: {{ . }}}
  {{- end }}
{{- end -}}
