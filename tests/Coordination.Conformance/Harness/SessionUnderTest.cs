using System.Globalization;
using System.Security.Cryptography;
using Coordination.Backends;

namespace Coordination.Conformance;

/// <summary>A session in the hands of a suite that plays the engine.</summary>
public sealed class SessionUnderTest(BackendConnection connection, IBackendSession session, RecordingListener listener) : IAsyncDisposable
{
    public BackendConnection Connection => connection;

    public ICoordinationBackend Backend => connection.Backend;

    public IBackendSession Session => session;

    public RecordingListener Listener => listener;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>An id as the engine makes them: 22 characters, unique for all time.</summary>
    public static string NewId() =>
        Convert.ToBase64String(RandomNumberGenerator.GetBytes(16)).TrimEnd('=').Replace('+', '-').Replace('/', '_');

    public static ClaimRequest Exclusive(string resource, string? id = null) =>
        new(new(resource, id ?? NewId()), ClaimMode.Exclusive, 1, "exclusive");

    public static ClaimRequest Shared(string resource) => new(new(resource, NewId()), ClaimMode.Shared, 1, "shared");

    public static ClaimRequest Counted(string resource, int limit) =>
        new(new(resource, NewId()), ClaimMode.Counted, limit, limit.ToString(CultureInfo.InvariantCulture));

    public ValueTask<ClaimResult> ClaimAsync(ClaimRequest request) => session.ClaimAsync(request, Cancellation);

    public ValueTask<ClaimResult> TryAsync(ClaimRequest request) => ClaimAsync(request with { Intent = ClaimIntent.TryOnce });

    public ValueTask<ClaimResult> AskAsync(ClaimRequest request) => ClaimAsync(request with { Intent = ClaimIntent.FindExisting });

    public async Task<FencingToken> GrantedAtOnceAsync(ClaimRequest request)
    {
        var result = await ClaimAsync(request);
        Assert.Equal(ClaimOutcome.Granted, result.Outcome);
        Assert.True(result.Token.Value > 0, $"token {result.Token}");
        return result.Token;
    }

    public async Task<ClaimResult> WaitingAsync(ClaimRequest request)
    {
        var result = await ClaimAsync(request);
        Assert.Equal(ClaimOutcome.Waiting, result.Outcome);
        return result;
    }

    public ValueTask<bool> ReleaseAsync(ClaimRequest request) => session.ReleaseAsync(request.Key, Cancellation);

    public ValueTask<RenewalResult> RenewAsync(params ClaimRequest[] claims) =>
        session.RenewAsync([.. claims.Select(claim => claim.Key)], Cancellation);

    public ValueTask EndAsync(params ClaimRequest[] claims) =>
        session.EndAsync([.. claims.Select(claim => claim.Key)], Cancellation);

    public ValueTask DisposeAsync() => session.DisposeAsync();
}
