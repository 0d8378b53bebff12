namespace Coordination.Torture.Recording;

/// <summary>A lease as its holder saw it.</summary>
internal sealed record Hold(HoldBegan Began, CallStarted Call)
{
    public string Id => Began.Hold;

    public string Client => Call.Client;

    public string Resource => Call.Resource;

    public ClaimMode Mode => Call.Mode;

    public int Limit => Call.Limit;

    public long? Token => Began.Token;

    public TimeSpan From => Began.At;

    /// <summary>The latest moment at which the lease was seen to be held.</summary>
    public TimeSpan LastSeen { get; set; } = Began.At;

    /// <summary>The latest moment until which the lease said that it would be held.</summary>
    public TimeSpan Promised { get; set; } = Began.Until;

    public TimeSpan? EndedAt { get; set; }

    public HoldEnd? How { get; set; }

    /// <summary>When its claim was ended by force at the server: from then on the promise does not hold.</summary>
    public TimeSpan VoidFrom { get; set; } = TimeSpan.MaxValue;

    /// <summary>Until when it was believed to be held: as long as was promised, unless it was given back, told lost, or its holder died before.</summary>
    public TimeSpan Until
    {
        get
        {
            var until = EndedAt is { } ended && ended < Promised ? ended : Promised;
            return until < VoidFrom ? until : VoidFrom;
        }
    }

    public bool IsVoid => VoidFrom < TimeSpan.MaxValue;

    public override string ToString() =>
        FormattableString.Invariant($"{Id} ({Mode}, token {Token?.ToString() ?? "none"}, {From.TotalMilliseconds:0.000} to {Until.TotalMilliseconds:0.000} ms)");
}
