using Google.Protobuf;

namespace Coordination.Etcd.Tests;

/// <summary>What is stored of a claim.</summary>
public sealed class ValueTests
{
    [Theory]
    [InlineData(ClaimMode.Exclusive, 1, "", "x1:id:")]
    [InlineData(ClaimMode.Exclusive, 1, "host/42", "x1:id:host/42")]
    [InlineData(ClaimMode.Shared, 1, "a:b:é😀", "s1:id:a:b:é😀")]
    [InlineData(ClaimMode.Counted, 12, ":", "c1,12:id::")]
    public void A_claim_is_read_as_it_was_written(ClaimMode mode, int limit, string value, string stored)
    {
        var claim = new EtcdValue(mode, limit, "id", value);
        Assert.Equal(stored, claim.Encode().ToStringUtf8());
        Assert.Equal(claim, EtcdValue.Decode(claim.Encode(), withValue: true));
        Assert.Equal(claim with { Value = "" }, EtcdValue.Decode(claim.Encode(), withValue: false));
    }

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("x1")]
    [InlineData("x1:id")]
    [InlineData("x2:id:value")]
    [InlineData("::")]
    [InlineData("something of somebody else's")]
    public void What_cannot_be_read_blocks_what_is_behind_it_and_is_nobodys_claim(string stored) =>
        Assert.Equal(new EtcdValue(ClaimMode.Exclusive, 1, "", ""), EtcdValue.Decode(ByteString.CopyFromUtf8(stored), withValue: true));
}
