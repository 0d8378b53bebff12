using System.Diagnostics;
using System.Diagnostics.Metrics;
using Coordination.Leases;

namespace Coordination.Diagnostics;

/// <summary>
/// The meter and the activity source, both named <c>Coordination</c>. Tags: <c>coordination.backend</c>, <c>coordination.primitive</c>,
/// <c>coordination.outcome</c>; on an instrument the resource's name only on request, as there may be millions. Activities have it always, as <c>coordination.resource</c>.
/// </summary>
internal sealed class CoordinationTelemetry : IDisposable
{
    public const string Name = "Coordination";

    private const string BackendTag = "coordination.backend";
    private const string PrimitiveTag = "coordination.primitive";
    private const string OutcomeTag = "coordination.outcome";
    private const string ResourceTag = "coordination.resource";

    // The defaults of collectors are meant for milliseconds.
    private static readonly InstrumentAdvice<double> Seconds = new()
    {
        HistogramBucketBoundaries = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
    };

    private static readonly InstrumentAdvice<double> Hours = new()
    {
        HistogramBucketBoundaries = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 600, 1800, 3600, 21600, 86400],
    };

    private static readonly ActivitySource Source = new(Name);

    private readonly string _backend;
    private readonly bool _tagsResource;
    private readonly Meter _meter;
    private readonly bool _ownsMeter;
    private readonly Histogram<double> _acquireDuration;
    private readonly Histogram<double> _holdDuration;
    private readonly UpDownCounter<long> _held;
    private readonly UpDownCounter<long> _waiting;
    private readonly Counter<long> _lost;
    private readonly Counter<long> _handOffs;
    private readonly Histogram<double> _renewalDuration;

    public CoordinationTelemetry(string backend, IMeterFactory? meterFactory, bool tagsResource = false)
    {
        _backend = backend;
        _tagsResource = tagsResource;
        _ownsMeter = meterFactory is null;
        _meter = meterFactory?.Create(new MeterOptions(Name)) ?? new Meter(Name);
        _acquireDuration = _meter.CreateHistogram<double>(
            "coordination.acquire.duration", "s", "Time from the call to the lease, or to the end of the attempt.", tags: null, Seconds);
        _holdDuration = _meter.CreateHistogram<double>(
            "coordination.hold.duration", "s", "Time from the grant of a lease to its end.", tags: null, Hours);
        _held = _meter.CreateUpDownCounter<long>("coordination.leases.held", "{lease}", "Leases held now.");
        _waiting = _meter.CreateUpDownCounter<long>("coordination.waiters", "{waiter}", "Callers that wait for their turn now.");
        _lost = _meter.CreateCounter<long>("coordination.leases.lost", "{lease}", "Leases that were lost.");
        _handOffs = _meter.CreateCounter<long>("coordination.handoffs", "{hand-off}", "Grants that the server announced to a waiter.");
        _renewalDuration = _meter.CreateHistogram<double>(
            "coordination.renewal.duration", "s", "Time of a renewal of a session with its claims, also of one that failed.", tags: null, Seconds);
    }

    public Activity? StartAcquire(ClaimTemplate template)
    {
        if (!Source.HasListeners())
        {
            return null;
        }

        var activity = Source.StartActivity("coordination.acquire", ActivityKind.Client);
        activity?.SetTag(BackendTag, _backend);
        activity?.SetTag(PrimitiveTag, template.Primitive.Name());
        activity?.SetTag(ResourceTag, template.Resource);
        return activity;
    }

    /// <param name="template">What was asked for.</param>
    /// <param name="claim">What is handed out, if anything.</param>
    /// <param name="took">The time from the call.</param>
    /// <param name="activity">The call's activity.</param>
    /// <param name="outcome">How the call ended.</param>
    public void Acquired(ClaimTemplate template, Claim? claim, TimeSpan took, Activity? activity, string outcome)
    {
        activity?.SetTag(OutcomeTag, outcome);
        if (_acquireDuration.Enabled)
        {
            var tags = TagsOf(template);
            tags.Add(OutcomeTag, outcome);
            _acquireDuration.Record(took.TotalSeconds, tags);
        }

        if (claim is not null && claim.TryCount() && _held.Enabled)
        {
            _held.Add(1, TagsOf(template));
        }
    }

    /// <summary>A lease ended by release or detachment.</summary>
    public void Ended(Claim claim)
    {
        if (claim.TryUncount())
        {
            EndedCore(claim);
        }
    }

    /// <summary>A lease was lost.</summary>
    /// <returns>Whether it had been handed out: one that was lost before that was nobody's.</returns>
    public bool Lost(Claim claim)
    {
        if (!claim.TryUncount())
        {
            return false;
        }

        _lost.Add(1, TagsOf(claim.Template));
        EndedCore(claim);
        return true;
    }

    private void EndedCore(Claim claim)
    {
        if (_held.Enabled)
        {
            _held.Add(-1, TagsOf(claim.Template));
        }

        if (_holdDuration.Enabled)
        {
            var held = claim.Session.Engine.Clock.Now - claim.HeldSince;
            _holdDuration.Record(held.TotalSeconds, TagsOf(claim.Template));
        }
    }

    public void HandedOver(ClaimTemplate template)
    {
        if (_handOffs.Enabled)
        {
            _handOffs.Add(1, TagsOf(template));
        }
    }

    public void Renewed(TimeSpan took, bool succeeded)
    {
        if (_renewalDuration.Enabled)
        {
            _renewalDuration.Record(took.TotalSeconds, Tag(BackendTag, _backend), Tag(OutcomeTag, succeeded ? "renewed" : "failed"));
        }
    }

    public WaitingScope StartWaiting(ClaimTemplate template)
    {
        _waiting.Add(1, TagsOf(template));
        return new WaitingScope(this, template);
    }

    public void Dispose()
    {
        // A factory's meter belongs to the factory.
        if (_ownsMeter)
        {
            _meter.Dispose();
        }
    }

    private TagList TagsOf(ClaimTemplate template)
    {
        var tags = new TagList { { BackendTag, _backend }, { PrimitiveTag, template.Primitive.Name() } };
        if (_tagsResource)
        {
            tags.Add(ResourceTag, template.Resource);
        }

        return tags;
    }

    private static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);

    public readonly struct WaitingScope(CoordinationTelemetry telemetry, ClaimTemplate template) : IDisposable
    {
        public void Dispose() => telemetry._waiting.Add(-1, telemetry.TagsOf(template));
    }

    public static class Outcome
    {
        public const string Acquired = "acquired";
        public const string TimedOut = "timed_out";
        public const string Cancelled = "cancelled";
        public const string Failed = "failed";
    }
}
