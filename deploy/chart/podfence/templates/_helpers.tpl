{{- define "podfence.name" -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "podfence.serviceAccount" -}}
{{- .Values.serviceAccount.name | default (include "podfence.name" .) -}}
{{- end -}}

{{/* Labels that select the agents' pods. They never change. */}}
{{- define "podfence.selector" -}}
app.kubernetes.io/name: podfence
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "podfence.labels" -}}
{{ include "podfence.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{- define "podfence.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{ .repository }}@{{ .digest }}
{{- else -}}
{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* The address and the port of config.listen. Probes come from the node itself. */}}
{{- define "podfence.port" -}}
{{- regexFind "[0-9]+$" .Values.config.listen -}}
{{- end -}}

{{- define "podfence.probed" -}}
{{- $address := regexReplaceAll ":[0-9]+$" .Values.config.listen "" | trimPrefix "[" | trimSuffix "]" -}}
{{- get (dict "0.0.0.0" "127.0.0.1" "::" "::1") $address | default $address -}}
{{- end -}}

{{- define "podfence.config" -}}
sources: [api]
{{ toYaml .Values.config }}
{{- end -}}

{{/* The directory of the flow log, if there is one. */}}
{{- define "podfence.flowLog" -}}
{{- with index .Values.config "flow-log" }}{{ with .path }}{{ dir . }}{{ end }}{{ end -}}
{{- end -}}

{{- define "podfence.monitorLabels" -}}
{{ include "podfence.labels" . }}
{{- with .Values.metrics.labels }}
{{ toYaml . }}
{{- end }}
{{- end -}}
