using Coordination.Backends;
using Coordination.Etcd.Tests.Support;

namespace Coordination.Etcd.Tests;

/// <summary>Which keys the claims of a session get.</summary>
public sealed class ClaimsTests
{
    private readonly EtcdClaims _claims = new(new EtcdKeys("p"), lease: 0x7587);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Claims_one_after_the_other_use_one_key_and_claims_beside_each_other_do_not()
    {
        // The history of keys that are gone is walked over by each reading of a range.
        await using var server = await FaultTests.StartAsync();
        using var admin = new Admin(server.Address);
        await using var coordinator = new Coordinator(EtcdBackend.Create(server.Address));
        var keys = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < 20; i++)
        {
            await using var lease = await coordinator.CreateLock("x").AcquireAsync(Token);
            keys.Add(Assert.Single(await admin.KeysAsync()));
        }

        Assert.Single(keys);
        var semaphore = coordinator.CreateSemaphore("y", maxCount: 2);
        await using var one = await semaphore.AcquireAsync(Token);
        await using var other = await semaphore.AcquireAsync(Token);
        Assert.Equal(2, (await admin.KeysAsync()).Length);
    }

    [Fact]
    public void A_key_is_used_again_after_a_release_a_loss_and_a_refusal()
    {
        var first = Enter("a");
        Assert.NotEqual(first, Enter("b"));
        Release("a", isMine: true);
        Assert.Equal(first, Enter("c"));
        Assert.True(_claims.TryLose("c"));
        Assert.Equal(first, Begin("d"));
        _claims.End("d", isAnswered: true);
        Assert.Equal(first, Begin("e"));
    }

    [Fact]
    public void A_key_is_not_used_again_while_a_claim_of_it_may_come_late()
    {
        var first = Begin("a");
        _claims.End("a", isAnswered: false);
        Assert.Equal(first, Begin("a"));
        _claims.End("a", isAnswered: true);
        _claims.Stands("a", createRevision: 5, isGranted: true, ClaimMode.Exclusive, 1);
        Release("a", isMine: false);
        Assert.NotEqual(first, Enter("b"));
    }

    [Fact]
    public void A_key_is_not_used_again_while_a_release_of_it_may_come_late()
    {
        var first = Enter("a");
        Assert.True(_claims.TryRelease("a", out _, out _, out _));
        Release("a", isMine: true);
        var second = Enter("b");
        Assert.NotEqual(first, second);

        // A renewal found the claim gone while its release was under way: it is over when the release is.
        Assert.True(_claims.TryRelease("b", out _, out _, out _));
        Assert.True(_claims.TryLose("b"));
        Assert.NotEqual(second, Enter("c"));
        _claims.Released("b");
        Assert.Equal(second, Enter("d"));
    }

    [Fact]
    public void A_key_is_not_used_again_while_the_maintenance_may_remove_what_is_there()
    {
        var first = Enter("a");
        Begin("a");
        Assert.False(_claims.TryLose("a"));
        Assert.Equal("a", Assert.Single(_claims.Owed(10)).Id);
        _claims.End("a", isAnswered: true);
        Assert.Empty(_claims.Owed(10));
        Assert.NotEqual(first, Enter("b"));
    }

    [Fact]
    public void A_key_that_another_session_may_have_by_now_is_compared_at_the_release_and_not_used_again()
    {
        var first = Enter("a");
        _claims.Offer("a");
        Release("a", isMine: false);
        Assert.NotEqual(first, Enter("b"));

        var adopted = new EtcdKeys("p").Of("x", "1234-0");
        _claims.Adopt("c", adopted);
        Assert.Equal(adopted, _claims.KeysOf("c"));
        Release("c", isMine: false);
        Assert.NotEqual("1234-0", Enter("d"));
    }

    [Fact]
    public void What_is_released_is_forgotten_and_cannot_be_entered_again()
    {
        Enter("a");
        Release("a", isMine: true);
        Assert.Null(_claims.KeysOf("a"));
        Assert.False(_claims.TryRelease("a", out _, out _, out _));
        Assert.False(_claims.TryBegin(new ClaimKey("x", "a"), ClaimMode.Exclusive, 1, out _, out _));
    }

    [Fact]
    public void A_claim_that_is_entered_while_its_release_fails_can_be_released_again()
    {
        Begin("a");
        Assert.True(_claims.TryRelease("a", out _, out var mayComeLate, out _));
        Assert.True(mayComeLate);
        Assert.False(_claims.Stands("a", createRevision: 5, isGranted: true, ClaimMode.Exclusive, 1));
        _claims.End("a", isAnswered: true);
        Assert.True(_claims.TryRelease("a", out _, out _, out _));
        _claims.Released("a");
        Assert.Null(_claims.KeysOf("a"));
    }

    [Fact]
    public void A_release_that_is_confirmed_before_the_claim_is_answered_leaves_nothing()
    {
        Begin("a");
        Assert.True(_claims.Stands("a", createRevision: 5, isGranted: true, ClaimMode.Exclusive, 1));
        Assert.True(_claims.TryRelease("a", out _, out _, out _));
        _claims.Released("a");
        _claims.End("a", isAnswered: true);
        Assert.Null(_claims.KeysOf("a"));
    }

    [Fact]
    public void The_release_of_a_claim_that_was_lost_still_holds_off_a_request_of_it_that_comes_late()
    {
        Begin("a");
        _claims.End("a", isAnswered: false);
        Begin("a");
        Assert.True(_claims.Stands("a", createRevision: 5, isGranted: false, ClaimMode.Exclusive, 1));
        _claims.End("a", isAnswered: true);
        Assert.False(_claims.TryLose("a"));
        Assert.True(_claims.TryRelease("a", out _, out var mayComeLate, out _));
        Assert.True(mayComeLate);
    }

    private string Begin(string id)
    {
        Assert.True(_claims.TryBegin(new ClaimKey("x", id), ClaimMode.Exclusive, 1, out _, out var keys));
        return keys.Name;
    }

    private string Enter(string id)
    {
        var name = Begin(id);
        Assert.True(_claims.Stands(id, createRevision: 5, isGranted: true, ClaimMode.Exclusive, 1));
        _claims.End(id, isAnswered: true);
        return name;
    }

    private void Release(string id, bool isMine)
    {
        Assert.True(_claims.TryRelease(id, out _, out _, out var alone));
        Assert.Equal(isMine, alone);
        _claims.Released(id);
    }
}
